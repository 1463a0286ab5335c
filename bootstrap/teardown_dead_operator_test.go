package bootstrap_test

import (
	"context"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// webhooksAre sets what the API server does when it cannot ask the operator's webhooks.
func (c *cluster) webhooksAre(t *testing.T, policy admissionv1.FailurePolicyType) {
	t.Helper()
	api := c.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for _, name := range []string{"externalsecret-validate", "secretstore-validate"} {
		w, err := api.Get(t.Context(), name, metav1.GetOptions{})
		kubetest.Must(t, err)
		for i := range w.Webhooks {
			w.Webhooks[i].FailurePolicy = &policy
		}
		_, err = api.Update(t.Context(), w, metav1.UpdateOptions{})
		kubetest.Must(t, err)
	}
}

// mutating makes a webhook of a release that asks the operator's service, and returns what takes it away.
func (c *cluster) mutating(t *testing.T, name, release string) func() {
	t.Helper()
	none, policy, versions := admissionv1.SideEffectClassNone, admissionv1.Fail, []string{"v1"}
	api := c.kube.AdmissionregistrationV1().MutatingWebhookConfigurations()
	_, err := api.Create(t.Context(), &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": bootstrap.DefaultReleaseNamespace}},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: name + ".external-secrets.io", SideEffects: &none, FailurePolicy: &policy, AdmissionReviewVersions: versions,
			ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: bootstrap.DefaultReleaseNamespace, Name: "external-secrets-webhook"}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Update},
				Rule:       admissionv1.Rule{APIGroups: []string{"external-secrets.io"}, APIVersions: versions, Resources: []string{"externalsecrets"}},
			}},
		}},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return func() { kubetest.Must(t, api.Delete(context.Background(), name, metav1.DeleteOptions{})) }
}

// testDeadOperator: somebody deleted the operator's namespace. Its webhooks refuse whatever is done to its objects, and its
// finalizers hold objects and namespaces.
func testDeadOperator(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t, awsfake.WithAccount(account)), "dead-operator")
	s.settings.Helm.Set, s.settings.Helm.NoWait = nil, true // with webhooks, which nobody serves
	s.up(t)
	c.webhooksAre(t, admissionv1.Ignore)
	eventually(t, "an ExternalSecret", func(context.Context) bool {
		_, err := c.dynamic.Resource(external("externalsecrets")).Namespace("dead-operator").List(t.Context(), metav1.ListOptions{})
		return err == nil
	})
	c.externalSecret(t, "dead-operator", "wts", "gen3-secret-store")
	c.webhooksAre(t, admissionv1.Fail)
	c.namespace(t, "bystander")
	const held = `{"metadata":{"finalizers":["externalsecrets.external-secrets.io/clusterexternalsecret-x","example.org/mine"]}}`
	for _, name := range []string{"bystander", "dead-operator"} {
		_, err := c.kube.CoreV1().Namespaces().Patch(t.Context(), name, types.MergePatchType, []byte(strings.Replace(held, `,"example.org/mine"`, map[string]string{"bystander": `,"example.org/mine"`}[name], 1)), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
	c.mutating(t, "es-mutate", bootstrap.DefaultRelease)
	foreign := c.mutating(t, "es-foreign", "somebody-elses")
	kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(t.Context(), bootstrap.DefaultReleaseNamespace, metav1.DeleteOptions{}))
	eventually(t, "end of the operator's namespace", func(ctx context.Context) bool {
		_, err := c.kube.CoreV1().Namespaces().Get(ctx, bootstrap.DefaultReleaseNamespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})

	kept, err := s.teardown(t, teardown.Options{DryRun: true, Force: true})
	if text := show(kept) + strings.Join(bootstrap.Messages(kept.Warnings), "\n"); err != nil || !strings.Contains(text, "kubectl delete validatingwebhookconfiguration externalsecret-validate") ||
		!strings.Contains(text, "kubectl patch namespace bystander --type=merge -p") {
		t.Errorf("a teardown that keeps the CRDs: %v\n%s", err, text)
	}
	blocked, err := s.teardown(t, teardown.Options{DryRun: true, Force: true, DeleteCRDs: true})
	if text := show(blocked); err == nil || !strings.Contains(text, "blocked mutatingwebhookconfiguration/es-foreign") || strings.Contains(text, "delete customresourcedefinition/") {
		t.Errorf("somebody else's webhook: %v\n%s", err, text)
	}
	foreign()
	planned, err := s.teardown(t, teardown.Options{DryRun: true, Force: true, DeleteCRDs: true})
	for _, row := range []string{
		"delete validatingwebhookconfiguration/externalsecret-validate", "delete validatingwebhookconfiguration/secretstore-validate", "delete mutatingwebhookconfiguration/es-mutate",
		"update namespace/bystander: takes off the operator's finalizers", "update namespace/dead-operator",
	} {
		if err != nil || !strings.Contains(show(planned), row) {
			t.Errorf("%v: the plan lacks %q:\n%s", err, row, show(planned))
		}
	}
	s.mustTeardown(t, teardown.Options{Force: true, DeleteCRDs: true})
	s.mustBeGone(t)
	left, err := c.kube.CoreV1().Namespaces().Get(t.Context(), "bystander", metav1.GetOptions{})
	kubetest.Must(t, err)
	if strings.Join(left.Finalizers, " ") != "example.org/mine" {
		t.Errorf("the bystander's finalizers are %v", left.Finalizers)
	}
	_, err = c.kube.CoreV1().Namespaces().Patch(t.Context(), "bystander", types.MergePatchType, []byte(`{"metadata":{"finalizers":[]}}`), metav1.PatchOptions{})
	kubetest.Must(t, err)
	kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(t.Context(), "bystander", metav1.DeleteOptions{}))
	c.awaitGone(t, "bystander")
	c.crdsAre(t, false)
}
