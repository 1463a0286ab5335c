package bootstrap_test

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// typed is a command line on which nothing is said but where, and these flags.
func (s *stage) typed(given ...func(*bootstrap.Settings)) bootstrap.Settings {
	out := s.settings
	out.Account, out.Region = "", "eu-west-1" // of AWS_REGION
	out.SecretPrefixes, out.CreateNamespace = nil, false
	out.Given = map[string]string{"namespace": "flag"}
	for _, f := range given {
		f(&out)
	}
	return out
}

func TestSettingsStickInTheCluster(t *testing.T) {
	c := startCluster(t)
	s := c.newStage(t, awsfake.Start(t), "sticky")
	s.settings.SkipHelm, s.settings.SecretPrefixes = true, []string{"a-"}
	s.up(t)
	planned := func(settings bootstrap.Settings) bootstrap.Result {
		t.Helper()
		r, _ := bootstrap.Plan(t.Context(), settings, s.env())
		return r
	}
	t.Run("nothing is said", func(t *testing.T) {
		r := planned(s.typed())
		if r.Changed || len(r.Errors) > 0 || r.Account != account || r.Region != region {
			t.Errorf("account %s, region %s\n%s", r.Account, r.Region, show(r))
		}
		is, err := status.Run(t.Context(), s.typed(), 0, s.env())
		if err != nil || is.Drift || !is.Well() {
			t.Errorf("status says otherwise: %v\n%s", err, showStatus(is))
		}
	})
	t.Run("a flag changes one thing", func(t *testing.T) {
		r := planned(s.typed(func(x *bootstrap.Settings) { x.SecretPrefixes, x.Given["secret-prefix"] = []string{"b-"}, "flag" }))
		if text := show(r); r.Counts != (plan.Counts{Update: 2, None: r.Counts.None}) || !strings.Contains(text, "iam-policy update") || len(r.Errors) > 0 {
			t.Errorf("%+v\n%s", r.Counts, text)
		}
		if f := r.Changes[0].Fields; len(f) != 1 || f[0].Name != "--secret-prefix" || f[0].Mark != plan.MarkWidens {
			t.Errorf("%+v", f)
		}
	})
	t.Run("a flag that does nothing", func(t *testing.T) {
		r := planned(s.typed(func(x *bootstrap.Settings) { x.RoleName, x.Given["role-name"] = "r", "flag" }))
		if len(r.Errors) != 1 || r.Errors[0].Code != "idle-flag" {
			t.Errorf("%s", show(r))
		}
	})
	t.Run("a plan that is kept to", func(t *testing.T) { testKeptPlan(t, s) })
	t.Run("forged", func(t *testing.T) { testForgedSettings(t, s, planned) })
}

// testKeptPlan: up does what was agreed to, and nothing else.
func testKeptPlan(t *testing.T, s *stage) {
	with := func(prefix string) bootstrap.Settings {
		return s.typed(func(x *bootstrap.Settings) { x.SecretPrefixes, x.Given["secret-prefix"] = []string{prefix}, "flag" })
	}
	shown, err := bootstrap.Plan(t.Context(), with("b-"), s.env())
	kubetest.Must(t, err)
	other := with("c-")
	other.Agreed = bootstrap.AgreementOf(shown)
	s.aws.ResetCalls()
	r, err := bootstrap.Up(t.Context(), other, s.env())
	if err == nil || len(s.aws.Writes()) > 0 || r.Errors[0].Code != "plan-outdated" {
		t.Errorf("another plan: %v\n%s", err, show(r))
	}
	same := with("b-")
	same.Agreed = bootstrap.AgreementOf(shown)
	if r, err = bootstrap.Up(t.Context(), same, s.env()); err != nil || !r.Changed {
		t.Fatalf("the plan itself: %v\n%s", err, show(r))
	}
	if r, err = bootstrap.Up(t.Context(), same, s.env()); err == nil {
		t.Errorf("once more: %v\n%s", err, show(r))
	}
	ask := &asked{answer: false}
	env := s.env()
	env.Confirm, env.Sink = ask.confirm, event.Discard
	if r, err = bootstrap.Up(t.Context(), with("a-"), env); err == nil || !r.Cancelled || r.Changed || ask.question.Want != "yes" || ask.question.Plan == nil {
		t.Errorf("no was said: %v\n%s", err, show(r))
	}
	ask.answer = true
	if r, err = bootstrap.Up(t.Context(), with("a-"), env); err != nil || !r.Changed {
		t.Errorf("yes was said: %v\n%s", err, show(r))
	}
}

// testForgedSettings: what only the record asks for, or asks for no more, gives nobody a right.
func testForgedSettings(t *testing.T, s *stage, planned func(bootstrap.Settings) bootstrap.Result) {
	api := s.kube.CoreV1().ConfigMaps("sticky")
	good, err := api.Get(t.Context(), "gen3-bootstrap", metav1.GetOptions{})
	kubetest.Must(t, err)
	for name, forge := range map[string]func(map[string]any){
		"no prefix any more":      func(r map[string]any) { delete(r, "secretPrefixes") },
		"another prefix":          func(r map[string]any) { r["secretPrefixes"] = []string{"z-"} },
		"push":                    func(r map[string]any) { r["allowPush"] = true },
		"another user":            func(r map[string]any) { r["userName"] = "mallory" },
		"another policy":          func(r map[string]any) { r["policyName"] = "wide"; delete(r, "secretPrefixes") },
		"another user and policy": func(r map[string]any) { r["userName"], r["policyName"] = "mallory", "wide" },
		"a role":                  func(r map[string]any) { r["irsa"] = true },
		"an issuer": func(r map[string]any) {
			r["irsa"], r["oidcIssuer"] = true, "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
		},
		"another region": func(r map[string]any) { r["region"] = "us-west-2" },
		"a KMS key": func(r map[string]any) {
			r["kmsKeys"] = []string{"arn:aws:kms:us-east-1:" + account + ":key/11111111-2222-4333-8444-555555555555"}
		},
		"a release": func(r map[string]any) { r["releaseNamespace"] = "sticky" },
	} {
		t.Run(name, func(t *testing.T) {
			now, err := api.Get(t.Context(), "gen3-bootstrap", metav1.GetOptions{})
			kubetest.Must(t, err)
			var record map[string]any
			kubetest.Must(t, json.Unmarshal([]byte(good.Data["settings"]), &record))
			forge(record)
			text, err := json.Marshal(record)
			kubetest.Must(t, err)
			now.Data["settings"] = string(text)
			_, err = api.Update(t.Context(), now, metav1.UpdateOptions{})
			kubetest.Must(t, err)
			settings := s.typed()
			settings.SkipHelm = name != "a release"
			s.aws.ResetCalls()
			r := planned(settings)
			unproven := func(c plan.Change) bool {
				return c.Code == "unproven-setting" && strings.Contains(c.Hint, "gen3-bootstrap up --")
			}
			found := false
			for _, c := range r.Changes {
				found = found || unproven(c)
			}
			refused := found || len(r.Errors) > 0
			if !refused || len(s.aws.Writes()) > 0 {
				t.Errorf("%s", show(r))
			}
			if up, err := bootstrap.Up(t.Context(), settings, s.env()); err == nil || up.Changed || len(s.aws.Writes()) > 0 {
				t.Errorf("up: %v, %v\n%s", err, s.aws.Writes(), show(up))
			}
		})
	}
}
