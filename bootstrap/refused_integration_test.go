package bootstrap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// policy refuses creations of a resource that do not meet an expression, and returns what takes it away again.
func (c *cluster) policy(t *testing.T, name, group, resource, expression string) func() {
	t.Helper()
	api := c.kube.AdmissionregistrationV1()
	fail := admissionv1.Fail
	_, err := api.ValidatingAdmissionPolicies().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}},
			}}}},
			Validations: []admissionv1.Validation{{Expression: expression, Message: "the platform team wants it otherwise"}},
		},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	_, err = api.ValidatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return func() {
		kubetest.Must(t, api.ValidatingAdmissionPolicyBindings().Delete(context.Background(), name, metav1.DeleteOptions{}))
		kubetest.Must(t, api.ValidatingAdmissionPolicies().Delete(context.Background(), name, metav1.DeleteOptions{}))
	}
}

// quota leaves room for one Secret in the namespace.
func (c *cluster) quota(t *testing.T) func() {
	t.Helper()
	c.namespace(t, "refused")
	hard := corev1.ResourceList{"count/secrets": resource.MustParse("1")}
	api := c.kube.CoreV1().ResourceQuotas("refused")
	quota, err := api.Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "few"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	quota.Status = corev1.ResourceQuotaStatus{Hard: hard, Used: corev1.ResourceList{"count/secrets": resource.MustParse("0")}}
	_, err = api.UpdateStatus(t.Context(), quota, metav1.UpdateOptions{})
	kubetest.Must(t, err)
	return func() {
		kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(context.Background(), "refused", metav1.DeleteOptions{}))
		c.awaitGone(t, "refused")
	}
}

// clusterRole is a rest of a release in a namespace, of which nothing else is there.
func (c *cluster) clusterRole(t *testing.T, namespace string) func() {
	t.Helper()
	roles := c.kube.RbacV1().ClusterRoles()
	_, err := roles.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{
		Name: "external-secrets-controller", Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		Annotations: map[string]string{"meta.helm.sh/release-name": "old", "meta.helm.sh/release-namespace": namespace},
	}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return func() {
		kubetest.Must(t, roles.Delete(context.Background(), "external-secrets-controller", metav1.DeleteOptions{}))
	}
}

// TestRefusedBeforehand: what the API server, its policies or the chart would refuse is in the plan, with the object and who
// refuses, and up writes nothing at all.
func TestRefusedBeforehand(t *testing.T) {
	c := startCluster(t)
	none := func() {}
	for name, test := range map[string]struct {
		arrange func(*testing.T) func()
		set     []string
		rows    []string // blocked changes
		says    []string
	}{
		"schema": {func(*testing.T) func() { return none }, []string{"replicaCount=abc"}, []string{"helm-release/external-secrets/external-secrets"}, []string{"replicaCount", "integer"}},
		"policy on namespaces": {
			func(t *testing.T) func() {
				return c.policy(t, "labels", "", "namespaces", "has(object.metadata.labels) && 'team' in object.metadata.labels")
			}, nil,
			[]string{"namespace/external-secrets", "namespace/refused"},
			[]string{"ValidatingAdmissionPolicy 'labels'", "the platform team wants it otherwise", "kubectl get validatingadmissionpolicy labels"},
		},
		"policy on CRDs": {
			func(t *testing.T) func() {
				return c.policy(t, "crds", "apiextensions.k8s.io", "customresourcedefinitions", "false")
			}, nil,
			[]string{"customresourcedefinition/"},
			[]string{"ValidatingAdmissionPolicy 'crds'"},
		},
		"quota that has room for one Secret of two": {c.quota, nil, []string{"secret/refused/"}, []string{"leaves room for 1 of the 2 secrets", "describe resourcequota"}},
		"ClusterRole of a release that is gone":     {func(t *testing.T) func() { return c.clusterRole(t, "gone") }, nil, []string{"clusterrole/external-secrets-controller"}, []string{"Helm release old in namespace gone", "which is gone: --adopt"}},
	} {
		t.Run(name, func(t *testing.T) {
			undo := test.arrange(t)
			s := c.newStage(t, awsfake.Start(t, awsfake.WithAccount(account)), "refused")
			s.settings.Helm.Set = test.set
			before := s.photo(t)
			var planned bootstrap.Result
			var err error
			eventually(t, "a refusal", func(ctx context.Context) bool { // the API server learns of a policy a moment later
				planned, err = bootstrap.Plan(ctx, s.settings.Named(), s.env())
				return err != nil && strings.Contains(show(planned), "blocked "+test.rows[0])
			})
			s.mustRefuse(t, planned, test.rows, test.says)
			result, err := bootstrap.Up(t.Context(), s.settings.Named(), s.env())
			if err == nil || result.Changed {
				t.Fatalf("up went on: %v\n%s", err, show(result))
			}
			s.mustRefuse(t, result, test.rows, test.says)
			if writes := s.aws.Writes(); len(writes) > 0 {
				t.Errorf("up wrote to AWS: %v", writes)
			}
			same(t, name, before, s.photo(t))
			undo()
			s.settings.Helm.Set = nil
			eventually(t, "end of the policy", func(ctx context.Context) bool {
				_, err := bootstrap.Plan(ctx, s.settings.Named(), s.env())
				return err == nil
			})
		})
	}
	t.Run("in a namespace that up makes", func(t *testing.T) { testRefusedInNewNamespace(t, c) })
	t.Run("adopted", func(t *testing.T) { testAdoptedRest(t, c) })
	t.Run("release that fails", func(t *testing.T) { testReleaseFails(t, c) })
}

func (s *stage) mustRefuse(t *testing.T, r bootstrap.Result, rows, says []string) {
	t.Helper()
	var text strings.Builder
	for _, p := range r.Errors {
		text.WriteString(p.Message + "\n" + p.Hint + "\n")
	}
	for _, row := range rows {
		found := false
		for _, c := range plan.BlockedIn(r.Changes) {
			found = found || strings.HasPrefix(c.Resource.String(), row)
		}
		if !found {
			t.Errorf("%s is not blocked:\n%s", row, show(r))
		}
	}
	for _, part := range says {
		if !strings.Contains(text.String(), part) {
			t.Errorf("it is not said that %q:\n%s", part, text.String())
		}
	}
}

// testRefusedInNewNamespace: what is refused in a namespace can be tried only once it is there. Nothing else is made by then.
func testRefusedInNewNamespace(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t, awsfake.WithAccount(account)), "refused")
	s.settings.SkipHelm = true
	forget := c.policy(t, "no-secrets", "", "secrets", "object.metadata.namespace != 'refused'")
	works := func(want bool) func(context.Context) bool {
		return func(ctx context.Context) bool {
			_, err := c.kube.CoreV1().Secrets("refused").Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			return want == (err != nil)
		}
	}
	c.namespace(t, "refused") // to see the policy at work; it goes again before the run
	eventually(t, "the policy", works(true))
	kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(t.Context(), "refused", metav1.DeleteOptions{}))
	c.awaitGone(t, "refused")
	result, err := bootstrap.Up(t.Context(), s.settings.Named(), s.env())
	if err == nil {
		t.Fatalf("up went on:\n%s", show(result))
	}
	s.mustRefuse(t, result, []string{"secret/refused/external-secrets-user-secret", "secret/refused/gen3-aws-config"}, []string{"ValidatingAdmissionPolicy 'no-secrets'"})
	if writes := s.aws.Writes(); len(writes) > 0 {
		t.Errorf("up wrote to AWS: %v", writes)
	}
	forget()
	eventually(t, "end of the policy", works(false))
	kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(t.Context(), "refused", metav1.DeleteOptions{}))
	c.awaitGone(t, "refused")
}

// testAdoptedRest: --adopt takes over what a release that is gone for sure has left in the cluster.
func testAdoptedRest(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t, awsfake.WithAccount(account)), "refused")
	s.settings.Adopt = true
	forget := c.clusterRole(t, "default") // that nothing is stored there proves nothing: whoever writes there can have deleted it
	if result, err := bootstrap.Plan(t.Context(), s.settings.Named(), s.env()); err == nil || !strings.Contains(show(result), "blocked clusterrole/external-secrets-controller") {
		t.Errorf("a release whose namespace is there was taken for gone: %v\n%s", err, show(result))
	}
	forget()
	c.clusterRole(t, "gone")
	result := s.up(t)
	if !strings.Contains(show(result), "adopt clusterrole/external-secrets-controller") {
		t.Errorf("the plan says nothing of it:\n%s", show(result))
	}
	s.settings.Adopt = false
	s.mustBeConverged(t)
	s.forget()
	s.mustTeardown(t, teardown.Options{DeleteCRDs: true})
}

// testReleaseFails: what can still fail goes before the key, so that a run that fails in the release has minted none.
func testReleaseFails(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t, awsfake.WithAccount(account)), "refused")
	forget := c.policy(t, "real-writes", "apps", "deployments", "request.dryRun == true")
	var result bootstrap.Result
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) { // until the API server knows of the policy
		var err error
		if result, err = bootstrap.Up(t.Context(), s.settings.Named(), s.env()); err != nil {
			break
		}
		s.mustTeardown(t, teardown.Options{DeleteCRDs: true})
	}
	for _, call := range s.aws.Calls() {
		if call.Action == "CreateAccessKey" {
			t.Errorf("a key was minted although the release failed:\n%s", show(result))
		}
	}
	forget()
	s.settings.Timeout = 2 * time.Minute
	eventually(t, "an up that goes on from there", func(ctx context.Context) bool {
		r, err := bootstrap.Up(ctx, s.settings.Named(), s.env())
		t.Log(show(r))
		return err == nil
	})
	s.mustTeardown(t, teardown.Options{DeleteCRDs: true})
}
