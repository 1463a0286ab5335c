package helminstall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// converges runs up, expects one action on the release, and then that a second run does nothing whatever.
func converges(t *testing.T, sb *sandbox, action plan.Action, reason string, change func(*Settings)) Info {
	t.Helper()
	calls := &recorder{delay: 20 * time.Millisecond}
	s := sb.step(t, calls, change)
	changes, _, err := up(t, s)
	kubetest.Must(t, err)
	t.Logf("%s: %d requests in %d rounds", action, len(calls.calls), calls.rounds())
	last := changes[len(changes)-1]
	if last.Action != action || !strings.Contains(last.Reason, reason) {
		t.Fatalf("got %s because %q, want %s because %q", last.Action, last.Reason, action, reason)
	}
	again := &recorder{delay: 50 * time.Millisecond}
	sb.repoRequests(t)
	s2 := sb.step(t, again, change)
	changes, _, err = up(t, s2)
	kubetest.Must(t, err)
	if plan.Pending(changes) || again.writes() > 0 || again.rounds() > 2 {
		t.Errorf("second run: %v, %d writes, %d rounds", changes, again.writes(), again.rounds())
	}
	if n := sb.repoRequests(t); n > 0 {
		t.Errorf("second run asked the chart repository %d times", n)
	}
	if a, b := s.Release(), s2.Release(); a != b {
		t.Errorf("release is %+v after the run and %+v when observed", a, b)
	}
	return s2.Release()
}

func TestSandboxInstall(t *testing.T) {
	sb := startSandbox(t)
	calls := &recorder{delay: 30 * time.Millisecond}
	s := sb.step(t, calls, nil)
	changes, got, err := up(t, s)
	kubetest.Must(t, err)
	if n := calls.rounds(); n > 20 { // helm needs about 90
		t.Errorf("a fresh install takes %d sequential round trips", n)
	}
	t.Logf("%d requests in %d rounds", len(calls.calls), calls.rounds())
	if len(changes) != 2 || changes[0].Resource.String() != "namespace/external-secrets" || changes[0].Action != plan.Create {
		t.Errorf("plan: %v", changes)
	}
	if got.all()[0].Change == nil || got.all()[0].Change.Resource.String() != "namespace/external-secrets" {
		t.Errorf("events: %v", got.all())
	}
	rel := converges(t, sb, plan.None, "up to date", nil)
	if want := (Info{"external-secrets", "external-secrets", "0.16.2", 1, "v0.16.2"}); rel != want {
		t.Errorf("release %+v, want %+v", rel, want)
	}
	for _, c := range s.CRDs() {
		t.Error("CRDs seen before the install:", c)
	}
}

func TestSandboxUpgrade(t *testing.T) {
	sb := startSandbox(t)
	older := func(s *Settings) { s.Version = "0.16.1" }
	converges(t, sb, plan.Create, "0.16.1", older)
	converges(t, sb, plan.None, "up to date", nil) // without --chart-version it keeps its own
	scaled := func(s *Settings) { s.Set = []string{"replicaCount=2"} }
	sb.repoRequests(t)
	converges(t, sb, plan.Update, "values differ: replicaCount", scaled)
	got := converges(t, sb, plan.Update, "chart 0.16.1 -> 0.16.2", func(s *Settings) { s.Version = "0.16.2" })
	if got.Revision != 3 || got.ChartVersion != "0.16.2" {
		t.Errorf("release %+v", got)
	}
	converges(t, sb, plan.None, "up to date", scaled) // values outlive an upgrade
	converges(t, sb, plan.Update, "replicaCount", func(s *Settings) { s.Set = []string{"replicaCount=1"} })
	list, err := sb.client.CoreV1().Secrets("external-secrets").List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	kubetest.Must(t, err)
	if len(list.Items) != stored.MaxHistory {
		t.Errorf("%d revisions are kept", len(list.Items))
	}
}

func TestSandboxStoredVersions(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	calls := &recorder{}
	s := sb.step(t, calls, func(s *Settings) { s.Version = "0.15.1" })
	changes, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "stored as v1, which the new chart (v1beta1)") || c.Hint == "" {
		t.Errorf("%+v", c)
	}
	s = sb.step(t, calls, func(s *Settings) { s.Version = "0.17.0" })
	changes, err = s.Observe(t.Context())
	kubetest.Must(t, err)
	if text := fmt.Sprint(changes[0].Fields, s.Warnings()); !strings.Contains(text, "external-secrets:v0.17.0") || !strings.Contains(text, "stops serving external-secrets.io/v1beta1") || !strings.Contains(text, "secretstores.external-secrets.io serves v1,") && !strings.Contains(text, "secretstores.external-secrets.io serves v1 ") {
		t.Errorf("it is not said what the upgrade means: %s", text)
	}
	converges(t, sb, plan.Update, "0.16.2 -> 0.17.0", func(s *Settings) { s.Version = "0.17.0" })
	s = sb.step(t, calls, func(s *Settings) { s.Version = "0.16.2" })
	changes, err = s.Observe(t.Context())
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Update || !strings.Contains(c.Reason, "0.17.0 -> 0.16.2; this is a downgrade") {
		t.Errorf("%+v", c)
	}
}

func failing(method, part string) func(*http.Request) error {
	return func(r *http.Request) error {
		if r.Method == method && strings.Contains(r.URL.Path, part) && !r.URL.Query().Has("dryRun") {
			return errors.New("the test says no")
		}
		return nil
	}
}

func TestSandboxFailed(t *testing.T) {
	sb := startSandbox(t)
	s := sb.step(t, &recorder{fail: failing(http.MethodPost, "/deployments")}, nil)
	_, _, err := up(t, s)
	if err == nil || !strings.Contains(err.Error(), "deployment/external-secrets/") || hint.Of(err) == "" {
		t.Fatalf("error %v, hint %q", err, hint.Of(err))
	}
	s = sb.step(t, &recorder{}, nil)
	_, err = s.Observe(t.Context())
	kubetest.Must(t, err)
	if s.State() != Failed || len(s.CRDs()) == 0 {
		t.Fatalf("state %s, CRDs %v", s.State(), s.CRDs())
	}
	converges(t, sb, plan.Update, "the test says no", nil)
}

// TestSandboxFailedUpgrade leaves out a value that the API server refused: it must not stay with the release.
func TestSandboxFailedUpgrade(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", func(s *Settings) { s.Set = []string{"replicaCount=2"} })
	refused := sb.step(t, &recorder{}, func(s *Settings) { s.Set = []string{"resources.limits.cpu=banana"} })
	changes, err := refused.Observe(t.Context())
	kubetest.Must(t, err)
	if blocked := plan.BlockedIn(changes); len(blocked) == 0 || blocked[0].Resource != plan.In("deployment", "external-secrets", "external-secrets") {
		t.Fatalf("what the API server will refuse is not in the plan: %v", changes)
	}
	s := sb.step(t, &recorder{fail: failing(http.MethodPatch, "/deployments")}, func(s *Settings) { s.Set = []string{"replicaCount=3"} })
	if _, _, err := up(t, s); err == nil || !strings.Contains(err.Error(), "deployment/external-secrets/") {
		t.Fatalf("error %v", err)
	}
	converges(t, sb, plan.Update, "upgraded from revision 1 (chart external-secrets 0.16.2), which worked, to chart 0.16.2", nil)
	converges(t, sb, plan.None, "up to date", func(s *Settings) { s.Set = []string{"replicaCount=2"} })
}

// TestSandboxFieldsGo: an upgrade takes away what the chart no longer says, and its trial must not refuse that.
func TestSandboxFieldsGo(t *testing.T) {
	sb := startSandbox(t)
	budget := func(set ...string) func(*Settings) {
		return func(s *Settings) { s.Set = append([]string{"podDisruptionBudget.enabled=true"}, set...) }
	}
	converges(t, sb, plan.Create, "", budget("podDisruptionBudget.minAvailable=1"))
	converges(t, sb, plan.Update, "values differ", budget("podDisruptionBudget.minAvailable=0", "podDisruptionBudget.maxUnavailable=1"))
	got, err := sb.client.PolicyV1().PodDisruptionBudgets("external-secrets").Get(t.Context(), "external-secrets-pdb", metav1.GetOptions{})
	kubetest.Must(t, err)
	if got.Spec.MinAvailable != nil || got.Spec.MaxUnavailable == nil {
		t.Errorf("%+v", got.Spec)
	}
}

func TestSandboxElsewhere(t *testing.T) {
	sb := startSandbox(t)
	there := func(s *Settings) { s.Release, s.Namespace = "eso", "elsewhere" }
	converges(t, sb, plan.Create, "", there)
	calls := &recorder{}
	s := sb.step(t, calls, func(s *Settings) { s.Version = "0.17.0" })
	changes, _, err := up(t, s)
	kubetest.Must(t, err)
	if len(changes) != 1 || changes[0].Action != plan.None || calls.writes() > 0 {
		t.Errorf("%v, %d writes", changes, calls.writes())
	}
	for _, part := range []string{"Helm release eso in namespace elsewhere", "v0.16.2", "v1 and v1beta1"} {
		if !strings.Contains(changes[0].Reason, part) {
			t.Errorf("%q does not say %q", changes[0].Reason, part)
		}
	}
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "--release eso --release-namespace elsewhere") {
		t.Errorf("warnings %q", w)
	}
}

// unmark makes the release one that somebody else installed.
func unmark(t *testing.T, sb *sandbox) {
	t.Helper()
	api := sb.client.CoreV1().Secrets("external-secrets")
	list, err := api.List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	kubetest.Must(t, err)
	for _, s := range list.Items {
		delete(s.Labels, stored.ManagedByLabel)
		_, err := api.Update(t.Context(), &s, metav1.UpdateOptions{})
		kubetest.Must(t, err)
	}
}

func TestSandboxUnmarked(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	unmark(t, sb)
	converges(t, sb, plan.None, "installed by somebody else: used", nil)
	calls := &recorder{}
	s := sb.step(t, calls, func(s *Settings) { s.Set = []string{"replicaCount=3"} })
	changes, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "replicaCount") || !strings.Contains(c.Hint, "--adopt") {
		t.Errorf("%+v", c)
	}
	if err := s.Apply(t.Context(), event.Discard); err == nil || calls.writes() > 0 {
		t.Errorf("error %v, %d writes", err, calls.writes())
	}
	if err := s.Destroy(t.Context(), DestroyOptions{}, event.Discard); err != nil || calls.writes() > 0 {
		t.Errorf("destroy: error %v, %d writes", err, calls.writes())
	}
	s = sb.step(t, &recorder{}, func(s *Settings) { s.Adopt = true })
	changes, _, err = up(t, s)
	kubetest.Must(t, err)
	if changes[0].Action != plan.Adopt || !s.Ours() {
		t.Errorf("%v", changes)
	}
	converges(t, sb, plan.None, "up to date", nil)
}

// convert gives a CRD the conversion webhook that the charts before 0.16 gave theirs.
func (sb *sandbox) convert(t *testing.T, name string) {
	t.Helper()
	const patch = `{"spec":{"conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],
		"clientConfig":{"service":{"namespace":"gone","name":"external-secrets-webhook","path":"/convert"}}}}}}`
	_, err := sb.client.RESTClient().Patch(types.MergePatchType).AbsPath(crdPath + "/" + name).Body([]byte(patch)).DoRaw(t.Context())
	kubetest.Must(t, err)
}

// TestSandboxConversion repairs a CRD whose objects only an operator that is gone could convert, in a release that has it
// and in one that adopts it. Helm alone leaves the webhook in the second.
func TestSandboxConversion(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	for _, name := range watchedCRDs() {
		sb.convert(t, name)
	}
	converges(t, sb, plan.Update, "CRD externalsecrets.external-secrets.io asks for the conversion webhook", nil)
	s := sb.step(t, &recorder{}, nil)
	_, _, err := up(t, s)
	kubetest.Must(t, err)
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	for _, name := range watchedCRDs() {
		sb.convert(t, name)
	}
	converges(t, sb, plan.Create, "CRDs without an operator", func(s *Settings) { s.Release = "eso" })
	for _, name := range watchedCRDs() {
		got, err := sb.step(t, &recorder{}, nil).readCRD(t.Context(), name)
		kubetest.Must(t, err)
		if got.Converts || !got.Owner.Of("eso", "external-secrets") {
			t.Errorf("after being adopted: %+v", got)
		}
	}
}

// TestSandboxLeftoverWebhooks deletes the namespace of a release, which leaves what lies outside it.
func TestSandboxLeftoverWebhooks(t *testing.T) {
	sb := startSandbox(t)
	there := sb.step(t, &recorder{}, func(s *Settings) { s.Release, s.Namespace = "eso", "elsewhere" })
	_, _, err := up(t, there)
	kubetest.Must(t, err)
	kubetest.Must(t, sb.client.CoreV1().Namespaces().Delete(t.Context(), "elsewhere", metav1.DeleteOptions{}))
	s := sb.step(t, &recorder{}, nil)
	var changes []plan.Change
	kubetest.Must(t, wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		changes, err = s.Observe(ctx)
		return err == nil && s.State() != Elsewhere, err
	}))
	if c := changes[len(changes)-1]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "secretstore-validate and validatingwebhookconfiguration/externalsecret-validate") {
		t.Errorf("without consent: %+v", c)
	}
	adopt := func(s *Settings) { s.Adopt = true }
	converges(t, sb, plan.Create, "with the webhooks that it left", adopt)
}

func TestSandboxLeftover(t *testing.T) {
	sb := startSandbox(t)
	there := sb.step(t, &recorder{}, func(s *Settings) { s.Release, s.Namespace = "eso", "elsewhere" })
	_, _, err := up(t, there)
	kubetest.Must(t, err)
	kubetest.Must(t, there.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	converges(t, sb, plan.Create, "CRDs without an operator (left by Helm release eso in namespace elsewhere)", nil)
	s := sb.step(t, &recorder{}, nil)
	_, err = s.Observe(t.Context())
	kubetest.Must(t, err)
	for _, c := range s.CRDs() {
		if !c.Owner.Of("external-secrets", "external-secrets") || !c.Kept {
			t.Errorf("CRD %+v", c)
		}
	}
}
