package helminstall

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestSandboxForeignNamespace has the release in a namespace that somebody else made, so that the CRDs alone speak for it.
func TestSandboxForeignNamespace(t *testing.T) {
	sb := startSandbox(t)
	sb.makeProd(t)
	sb.makeNamespace(t, eso, nil)
	sb.makeNamespace(t, "tenant", nil)
	web := deployment("tenant", "web", 1, 0)
	web.Annotations, web.Spec.Template.Spec.Containers[0].Image = nil, "nginx"
	web.Spec.Selector, web.Spec.Template.Labels = &metav1.LabelSelector{MatchLabels: web.Labels}, web.Labels
	_, err := sb.client.AppsV1().Deployments("tenant").Create(t.Context(), web, metav1.CreateOptions{})
	kubetest.Must(t, err)

	// A forged first install in the way, and a Deployment with the operator's label: neither keeps the operator out.
	forged := helmRelease(1, release.StatusFailed)
	forged.Name, forged.Namespace, forged.Config = eso, eso, map[string]any{"extraObjects": []any{"evil"}}
	forge(forged)
	secret, err := stored.NewSecret("sh.helm.release.v1.external-secrets.v1", forged, "createdAt", at())
	kubetest.Must(t, err)
	_, err = sb.client.CoreV1().Secrets(eso).Create(t.Context(), secret, metav1.CreateOptions{})
	kubetest.Must(t, err)
	s := sb.step(t, &recorder{}, nil)
	changes, _, err := up(t, s)
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Create || !strings.Contains(c.Reason, "installed anew") {
		t.Errorf("%+v", c)
	}
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "deployment/tenant/web") {
		t.Errorf("warnings %q", w)
	}
	converges(t, sb, plan.None, "revision 2, up to date", nil)
	sb.mustKeepProd(t)

	// Its Secret is lost: nothing says any more that it is ours.
	sb.lose(t)
	lost := sb.step(t, &recorder{}, nil)
	changes, _, err = up(t, lost)
	kubetest.Must(t, err)
	if lost.State() != Elsewhere || plan.Pending(changes) || !strings.Contains(strings.Join(lost.Warnings(), "\n"), "--adopt stores it anew") {
		t.Errorf("%s %+v, warnings %q", lost.State(), changes, lost.Warnings())
	}
	changes, err = lost.PlanDestroy(t.Context(), DestroyOptions{DeleteCRDs: true})
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "deployment/external-secrets/external-secrets of it runs") || !strings.Contains(c.Hint, "up --adopt --release external-secrets") {
		t.Errorf("%+v", c)
	}
	if slices.ContainsFunc(changes[1:], func(c plan.Change) bool { return c.Action != plan.None }) {
		t.Errorf("CRDs under an operator that runs: %+v", changes[1:])
	}
	converges(t, sb, plan.Create, "no Secret stores it any more, and its operator is there", func(s *Settings) { s.Adopt = true })

	// The stored release is forged: neither an upgrade nor an uninstall goes by it.
	sb.tamper(t, forge)
	s = sb.step(t, &recorder{}, func(s *Settings) { s.Set = []string{"podLabels.a=b"} })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	sb.mustKeepProd(t)
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "deployment/prod/web") {
		t.Errorf("warnings %q", w)
	}
	sb.tamper(t, forge)
	s = sb.step(t, &recorder{}, nil)
	changes, err = s.PlanDestroy(t.Context(), DestroyOptions{})
	kubetest.Must(t, err)
	if r := changes[0].Reason; !strings.Contains(r, "ours: deletes 5 ClusterRoles, 2 ClusterRoleBindings, 3 Deployments, ") {
		t.Errorf("%+v", changes[0])
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "names what is not there or does not belong to the release, and is kept: deployment/prod/web, secret/prod/db, clusterrole/prod-reader") ||
		!strings.Contains(w, "hooks for its deletion, which are not run: ClusterRoleBinding/tenant-admin") {
		t.Errorf("warnings %q", w)
	}
	sb.mustKeepProd(t)
	if left := sb.deployments(t); len(left) > 0 {
		t.Errorf("Deployments %v are left", left)
	}
	sb.mustHaveNothing(t)
}

// TestSandboxTenantsRelease is a release that a tenant forged in its own namespace, which has our label since it is Gen3's.
func TestSandboxTenantsRelease(t *testing.T) {
	sb := startSandbox(t)
	sb.makeProd(t)
	sb.makeNamespace(t, "evil", map[string]string{stored.ManagedByLabel: stored.ManagedBy})
	forged := helmRelease(1, release.StatusDeployed)
	forged.Name, forged.Namespace = "eso", "evil"
	forge(forged)
	secret, err := stored.NewSecret("sh.helm.release.v1.eso.v1", forged, "createdAt", at())
	kubetest.Must(t, err)
	_, err = sb.client.CoreV1().Secrets("evil").Create(t.Context(), secret, metav1.CreateOptions{})
	kubetest.Must(t, err)
	calls := &recorder{}
	s := sb.step(t, calls, func(s *Settings) { s.Release, s.Namespace = "eso", "evil" })
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{KeepNamespace: true})
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.None || !strings.Contains(c.Reason, "kept: its Secret says that it is ours, but neither its Namespace nor CRDs") {
		t.Errorf("%+v", c)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{KeepNamespace: true}, event.Discard))
	if calls.persisted() > 0 {
		t.Errorf("%d writes", calls.persisted())
	}
	sb.mustKeepProd(t)
}

// TestSandboxLostRelease: the release's Secret was deleted, in a namespace that was made for it.
func TestSandboxLostRelease(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", func(s *Settings) { s.Version = "0.16.1" })
	sb.lose(t)
	d, err := sb.client.AppsV1().Deployments(eso).Get(t.Context(), eso, metav1.GetOptions{})
	kubetest.Must(t, err)
	got := converges(t, sb, plan.Create, "no Secret stores it any more, and its operator is there", nil)
	if got.Revision != 1 || got.ChartVersion != "0.16.1" {
		t.Errorf("repaired as %+v", got)
	}
	again, err := sb.client.AppsV1().Deployments(eso).Get(t.Context(), eso, metav1.GetOptions{})
	kubetest.Must(t, err)
	if again.UID != d.UID {
		t.Error("the Deployment was made anew")
	}
	sb.lose(t)
	s := sb.step(t, &recorder{}, nil)
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{})
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.Delete || !strings.Contains(c.Reason, "ours, though no Secret stores it any more: deletes ") || !strings.Contains(c.Reason, "3 Deployments") {
		t.Errorf("%+v", c)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	gone(t, sb, s)
	sb.mustHaveNothing(t)
}

// TestSandboxUninstallIsInterrupted: what is left of a release after a failure goes with the next run, and is not taken for
// one that works.
func TestSandboxUninstallIsInterrupted(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", small)
	s := sb.step(t, &recorder{fail: failing(http.MethodDelete, "/serviceaccounts/")}, small)
	err := s.Destroy(t.Context(), DestroyOptions{}, event.Discard)
	if err == nil || !strings.Contains(err.Error(), "delete serviceaccount/external-secrets/external-secrets") {
		t.Fatalf("error %v", err)
	}
	s = sb.step(t, &recorder{}, small)
	s.HolderAlive = func(context.Context, string) bool { return false }
	_, err = s.Observe(t.Context())
	kubetest.Must(t, err)
	if s.State() != Failed || !strings.Contains(s.verdict.Reason, "left uninstalling by a run of ours") {
		t.Errorf("%s: %s", s.State(), s.verdict.Reason)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	gone(t, sb, s)
	sb.mustHaveNothing(t)
}
