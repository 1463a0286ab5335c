package helminstall

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestSandboxDestroy(t *testing.T) {
	sb := startSandbox(t)
	// A release that was installed without the annotation, as the script did.
	unkept := func(s *Settings) {
		s.Set = []string{`crds.annotations.helm\.sh/resource-policy=null`}
	}
	s := sb.step(t, &recorder{}, unkept)
	_, _, err := up(t, s)
	kubetest.Must(t, err)
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{})
	kubetest.Must(t, err)
	if changes[0].Action != plan.Delete || len(changes) < 20 || changes[len(changes)-1].Resource.String() != "namespace/external-secrets" {
		t.Errorf("plan: %v", changes)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	gone(t, sb, s)
	if n := len(crds(t, s)); n < 20 {
		t.Errorf("%d CRDs are left", n)
	}
	calls := &recorder{}
	s = sb.step(t, calls, nil)
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	if calls.writes() > 0 {
		t.Errorf("second teardown writes %d times", calls.writes())
	}
	converges(t, sb, plan.Create, "CRDs without an operator", nil)
}

func TestSandboxDestroyCRDs(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	s := sb.step(t, &recorder{}, nil)
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{DeleteCRDs: true}, event.Discard))
	gone(t, sb, s)
	if left := crds(t, s); len(left) > 0 {
		t.Errorf("kept: %v", left)
	}
}

// TestSandboxDestroyLeavesCRDsToAnotherOperator: one that Argo CD brought later lives with what an earlier release left.
func TestSandboxDestroyLeavesCRDsToAnotherOperator(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	s := sb.step(t, &recorder{}, nil)
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	d := deployment("default", "eso", 1, 1)
	d.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "eso-app:apps/Deployment:default/eso"}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: d.Labels}
	d.Spec.Template.Labels = d.Labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "eso", Image: "ghcr.io/external-secrets/external-secrets:v0.9.13"}}
	_, err := sb.client.AppsV1().Deployments("default").Create(t.Context(), d, metav1.CreateOptions{})
	kubetest.Must(t, err)
	before := len(crds(t, s))
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{DeleteCRDs: true})
	kubetest.Must(t, err)
	if plan.Pending(changes) || !strings.Contains(changes[1].Reason, "kept: deployment/default/eso (version v0.9.13) of Argo CD application eso-app uses them") {
		t.Errorf("plan: %+v", changes)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{DeleteCRDs: true}, event.Discard))
	if left := len(crds(t, s)); left != before || left == 0 {
		t.Errorf("%d CRDs of %d are left", left, before)
	}
}

func crds(t *testing.T, s *Step) []string {
	t.Helper()
	kubetest.Must(t, s.observeDestroy(t.Context()))
	names, err := s.destroyableCRDs(t.Context())
	kubetest.Must(t, err)
	return names
}

func gone(t *testing.T, sb *sandbox, s *Step) {
	t.Helper()
	if w := s.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
	ns, err := sb.client.CoreV1().Namespaces().Get(t.Context(), "external-secrets", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) && ns.DeletionTimestamp == nil {
		t.Errorf("namespace is kept: %v", err)
	}
	hooks, err := sb.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(t.Context(), metav1.ListOptions{})
	kubetest.Must(t, err)
	for _, h := range hooks.Items {
		if strings.Contains(h.Name, "secret") {
			t.Errorf("webhook %s is left", h.Name)
		}
	}
}
