package bootstrap_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// TestTeardown runs everything that needs the real API server in one sandbox, one after the other: CRDs, webhooks and the
// release are the cluster's.
func TestTeardown(t *testing.T) {
	c := startCluster(t)
	for _, test := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"each mode leaves nothing", testModes},
		{"user of before, beside a store", testEarlierUser},
		{"release that another namespace takes meanwhile", testReleaseTakenMeanwhile},
		{"objects of External Secrets are in the way", testBlast},
		{"finalizers and webhooks without an operator", testNoOperator},
		{"operator whose namespace was deleted", testDeadOperator},
		{"names come from the record", testNames},
		{"another name than the record's", testOtherName},
		{"one user of two", testOneUserOfTwo},
		{"key of somebody else", testKeyOfSomebodyElse},
		{"provider in use", testProviderInUse},
		{"asked for late", testAskedForLate},
		{"confirmation", testConfirmation},
		{"namespace that somebody else made", testForeignNamespace},
		{"only one step", testOnly},
		{"two owners of one user", testTwoOwners},
		{"policy that a foreign role uses", testForeignUse},
		{"user with things added by hand", testAddedByHand},
		{"failures are carried past", testFailures},
		{"interrupted", testInterrupted},
		{"Secret that a global user took over", testGlobalSecret},
		{"cluster that is gone", testClusterGone},
		{"cluster that is gone, with a role", testClusterGoneIRSA},
		{"namespace that is gone", testNamespaceGone},
		{"IAM lags", testLag},
		{"user that is taken meanwhile", testUserTakenMeanwhile},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, c) })
	}
}

func testModes(t *testing.T, c *cluster) {
	for name, mode := range map[string]func(*bootstrap.Settings){
		"keys":        func(*bootstrap.Settings) {},
		"global user": func(s *bootstrap.Settings) { s.UseGlobalUser = true },
		"IRSA": func(s *bootstrap.Settings) {
			s.IRSA, s.CreateOIDCProvider, s.RoleName, s.ServiceAccount = true, true, "my-role", "my-account"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.newStage(t, awsfake.Start(t), "modes")
			before := s.photo(t)
			mode(&s.settings)
			s.up(t)
			s.forget()
			dry, err := s.teardown(t, teardown.Options{DryRun: true, DeleteProvider: true})
			if err != nil || !dry.Changed {
				t.Fatalf("dry run: %v\n%s", err, show(dry))
			}
			result := s.mustTeardown(t, teardown.Options{DeleteProvider: true})
			if !result.Changed || len(result.Warnings) > 0 {
				t.Errorf("teardown:\n%s", show(result))
			}
			same(t, name, before, s.photo(t))
			s.mustBeGone(t)
			mode(&s.settings)
			s.settings.CreateNamespace, s.settings.SkipHelm = true, true // the release has shown itself above
			s.up(t)
			s.forget()
			s.mustTeardown(t, teardown.Options{DeleteProvider: true})
			same(t, name+" again", before, s.photo(t))
		})
	}
}

func (c *cluster) crds(t *testing.T) []string {
	t.Helper()
	list, err := c.dynamic.Resource(crdResource()).List(t.Context(), metav1.ListOptions{})
	kubetest.Must(t, err)
	var out []string
	for _, item := range list.Items {
		if strings.HasSuffix(item.GetName(), "external-secrets.io") {
			out = append(out, item.GetName())
		}
	}
	return out
}

func testNames(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "names")
	s.settings.SkipHelm = true
	before := s.photo(t)
	s.settings.PolicyName, s.settings.UserName, s.settings.IAMPath = "other-policy", "other-user", "/gen3/"
	s.settings.SecretNames = []string{"other-secret"}
	if made := s.up(t); made.Changes[0].Resource.String() != "namespace/names" {
		t.Errorf("the namespace is not told:\n%s", show(made))
	}
	s.settings.UserName = "third-user" // leaves other-user behind, as the record says
	s.settings.SecretNames = []string{"third-secret"}
	s.up(t)
	s.forget()
	result := s.mustTeardown(t, teardown.Options{})
	for _, want := range []string{"user/gen3/other-user", "user/gen3/third-user", "secret/names/other-secret", "secret/names/third-secret"} {
		if !strings.Contains(show(result), want) {
			t.Errorf("%s is not in\n%s", want, show(result))
		}
	}
	same(t, "names", before, s.photo(t))
	s.mustBeGone(t)
}

func testConfirmation(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "confirm")
	s.settings.SkipHelm = true
	s.up(t)
	before := s.photo(t)
	env := s.env()
	result, err := teardown.Run(t.Context(), s.settings, teardown.Options{}, env)
	if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(result), "--yes") || result.Changed {
		t.Errorf("without a terminal: %v\n%s", err, show(result))
	}
	same(t, "without a terminal", before, s.photo(t))
	ask := &asked{answer: false}
	env.Confirm = ask.confirm
	result, err = teardown.Run(t.Context(), s.settings, teardown.Options{}, env)
	if !errors.Is(err, bootstrap.ErrFailed) || result.Changed || ask.question.Want != "confirm" || !strings.Contains(show(*ask.question.Plan), "iam-user/") || !result.Cancelled {
		t.Errorf("refused: %v, asked for %q\n%s", err, ask.question.Want, show(result))
	}
	same(t, "refused", before, s.photo(t))
	testMoreThanAgreed(t, s, env)
	ask.answer = true
	result, err = teardown.Run(t.Context(), s.settings, teardown.Options{}, env)
	if err != nil || !result.Changed {
		t.Errorf("confirmed: %v\n%s", err, show(result))
	}
	ask.question.Want = ""
	if _, err = teardown.Run(t.Context(), s.settings, teardown.Options{}, env); err != nil || ask.question.Want != "" {
		t.Errorf("with nothing to do: %v, asked for %q", err, ask.question.Want)
	}
}

func testForeignNamespace(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "theirs")
	s.settings.SkipHelm = true
	c.namespace(t, "theirs")
	before := s.photo(t)
	eventually(t, "what every namespace has", func(context.Context) bool {
		now := s.photo(t)
		done := maps.Equal(before, now)
		before = now
		return done
	})
	s.up(t)
	s.mustTeardown(t, teardown.Options{})
	same(t, "namespace of somebody else", before, s.photo(t))
	s.mustBeGone(t)
}

func testOnly(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "only")
	s.settings.SkipHelm = true
	before := s.photo(t)
	s.settings.PolicyName = "only-policy"
	s.up(t)
	s.forget()
	if result, err := s.teardown(t, teardown.Options{Only: []string{"iam-polcy"}}); err == nil || !strings.Contains(show(result), "irsa-role") {
		t.Errorf("a step that does not exist: %v\n%s", err, show(result))
	}
	if result, err := s.teardown(t, teardown.Options{Only: []string{"iam-policy"}}); err == nil || result.Changed {
		t.Errorf("policy that our user has: %v\n%s", err, show(result))
	}
	s.mustTeardown(t, teardown.Options{Only: []string{"access-key"}})
	if keys := s.aws.Keys(bootstrap.DefaultUserName); len(keys) > 0 {
		t.Errorf("keys are left: %v", keys)
	}
	s.mustTeardown(t, teardown.Options{Only: []string{"iam-user"}})
	s.mustTeardown(t, teardown.Options{}) // the record still names the policy
	same(t, "only", before, s.photo(t))
}

func testTwoOwners(t *testing.T, c *cluster) {
	aws := awsfake.Start(t)
	a, b := c.newStage(t, aws, "owner-a"), c.newStage(t, aws, "owner-b")
	a.settings.SkipHelm, b.settings.SkipHelm = true, true
	before := a.photo(t)
	b.up(t)
	onlyB := a.photo(t)
	a.up(t)
	a.forget()
	result := a.mustTeardown(t, teardown.Options{})
	if !strings.Contains(show(result), "owner-b") {
		t.Errorf("the other owner is not named:\n%s", show(result))
	}
	same(t, "the other owner", onlyB, a.photo(t))
	b.forget()
	b.mustTeardown(t, teardown.Options{})
	same(t, "both", before, a.photo(t))
}

func testForeignUse(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "foreign")
	s.settings.SkipHelm = true
	role, err := s.aws.AddRole("somebody", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, nil)
	kubetest.Must(t, err)
	s.up(t)
	policy := "arn:aws:iam::" + account + ":policy/" + bootstrap.DefaultPolicyName
	kubetest.Must(t, s.aws.Attach(role, policy))
	result := s.mustTeardown(t, teardown.Options{})
	if !strings.Contains(strings.Join(bootstrap.Messages(result.Warnings), "\n"), "role/somebody") {
		t.Errorf("who uses the policy is not said:\n%s", show(result))
	}
	left := s.aws.Snapshot()
	if _, ok := left["role/somebody/attached/"+policy]; !ok || len(s.aws.Keys(bootstrap.DefaultUserName)) > 0 {
		t.Errorf("kept: %v", left)
	}
	for key := range left {
		if strings.Contains(key, "gen3-bootstrap/owner") || strings.HasPrefix(key, "user/") {
			t.Errorf("kept: %s", key)
		}
	}
	s.mustBeGone(t)
}

func testAddedByHand(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "by-hand")
	s.settings.SkipHelm = true
	s.up(t)
	user := "arn:aws:iam::" + account + ":user/" + bootstrap.DefaultUserName
	kubetest.Must(t, s.aws.Attach(user, "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	key, err := s.aws.AddKey(bootstrap.DefaultUserName)
	kubetest.Must(t, err)
	result, err := s.teardown(t, teardown.Options{})
	said := show(result)
	if !errors.Is(err, bootstrap.ErrFailed) || !result.Changed {
		t.Fatalf("teardown: %v\n%s", err, said)
	}
	for _, want := range []string{
		"aws iam detach-user-policy --user-name external_secrets_user --policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess",
		"aws iam delete-access-key --user-name external_secrets_user --access-key-id " + key,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	left := s.aws.Snapshot()
	for _, want := range []string{"/attached/arn:aws:iam::aws:policy/IAMReadOnlyAccess", "/attached/arn:aws:iam::" + account + ":policy/external_secrets_policy", "/key/" + key} {
		if _, ok := left["user/external_secrets_user"+want]; !ok {
			t.Errorf("%s is gone", want)
		}
	}
	if n := len(s.aws.Keys(bootstrap.DefaultUserName)); n != 1 {
		t.Errorf("%d keys are left", n)
	}
	if _, err := s.teardown(t, teardown.Options{}); !errors.Is(err, bootstrap.ErrFailed) {
		t.Errorf("again: %v", err)
	}
}
