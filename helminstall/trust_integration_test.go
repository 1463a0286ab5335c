package helminstall

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const eso = "external-secrets"

// forgedManifest names a Deployment, a Secret and a ClusterRole that are somebody else's, and forgedHook makes a tenant
// cluster-admin when it is created.
const (
	forgedManifest = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: prod-reader}
`
	forgedHook = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: tenant-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: tenant, namespace: evil}]
`
)

func forge(rel *release.Release) {
	rel.Manifest = forgedManifest
	rel.Hooks = []*release.Hook{{
		Name: "tenant-admin", Kind: "ClusterRoleBinding", Path: "x.yaml", Manifest: forgedHook,
		Events: []release.HookEvent{release.HookPreDelete, release.HookPostUpgrade, release.HookPreRollback},
	}}
}

// makeProd makes what the forged manifest names.
func (sb *sandbox) makeProd(t *testing.T) {
	t.Helper()
	sb.makeNamespace(t, "prod", nil)
	d := deployment("prod", "web", 1, 0)
	d.Labels, d.Annotations = map[string]string{"a": "b"}, nil
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: d.Labels}
	d.Spec.Template.Labels, d.Spec.Template.Spec.Containers[0].Image = d.Labels, "nginx"
	_, err := sb.client.AppsV1().Deployments("prod").Create(t.Context(), d, metav1.CreateOptions{})
	must(t, err)
	_, err = sb.client.CoreV1().Secrets("prod").Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db"}}, metav1.CreateOptions{})
	must(t, err)
	_, err = sb.client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "prod-reader"}}, metav1.CreateOptions{})
	must(t, err)
}

// mustKeepProd says that all of it is there as it was, and that no hook ran.
func (sb *sandbox) mustKeepProd(t *testing.T) {
	t.Helper()
	_, err := sb.client.AppsV1().Deployments("prod").Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	_, err = sb.client.CoreV1().Secrets("prod").Get(t.Context(), "db", metav1.GetOptions{})
	must(t, err)
	_, err = sb.client.RbacV1().ClusterRoles().Get(t.Context(), "prod-reader", metav1.GetOptions{})
	must(t, err)
	if _, err := sb.client.RbacV1().ClusterRoleBindings().Get(t.Context(), "tenant-admin", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the forged hook was created: %v", err)
	}
}

func (sb *sandbox) makeNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := sb.client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	must(t, err)
}

// tamper changes what is stored of the newest revision, as who may write Secrets there can.
func (sb *sandbox) tamper(t *testing.T, namespace, name string, change func(*release.Release)) {
	t.Helper()
	theirs := storage.Init(driver.NewSecrets(sb.client.CoreV1().Secrets(namespace)))
	last, err := theirs.Last(name)
	must(t, err)
	change(last)
	must(t, theirs.Update(last))
}

// lose deletes all that is stored of the release.
func (sb *sandbox) lose(t *testing.T) {
	t.Helper()
	must(t, sb.client.CoreV1().Secrets(eso).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}))
}

func (sb *sandbox) deployments(t *testing.T) (names []string) {
	t.Helper()
	list, err := sb.client.AppsV1().Deployments(eso).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, d := range list.Items {
		names = append(names, d.Name)
	}
	return names
}

// as is a step of somebody with the rights of a ClusterRole alone.
func (sb *sandbox) as(t *testing.T, user string, calls *recorder, rules []rbacv1.PolicyRule) *Step {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules}
	_, err := sb.client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{})
	must(t, err)
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}
	_, err = sb.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{})
	must(t, err)
	s := sb.step(t, calls, nil)
	s.Config.Impersonate = rest.ImpersonationConfig{UserName: user}
	s.Client, err = kubernetes.NewForConfig(s.Config)
	must(t, err)
	// The API server learns of roles a moment after they are made.
	must(t, wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := s.Client.CoreV1().Secrets(eso).List(ctx, metav1.ListOptions{})
		return err == nil, nil
	}))
	return s
}

// readmeRules are what the README says that up needs for the release, without RBAC's own verbs, and those as given.
func readmeRules(rbacVerbs ...string) []rbacv1.PolicyRule {
	write := []string{"get", "list", "create", "patch", "update", "delete"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"}, Verbs: write},
		{APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"validatingwebhookconfigurations"}, Verbs: write},
		{APIGroups: []string{""}, Resources: []string{"namespaces", "secrets", "serviceaccounts", "services", "configmaps"}, Verbs: write},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: write},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles", "clusterrolebindings", "roles", "rolebindings"}, Verbs: append(write, rbacVerbs...)},
	}
}

// TestSandboxNothingIsWrittenBeforeAllIsChecked: what the API server or the chart's schema would refuse stands in the plan.
func TestSandboxNothingIsWrittenBeforeAllIsChecked(t *testing.T) {
	sb := startSandbox(t)
	refusedBy := func(t *testing.T, s *Step, calls *recorder, resource, reason string) {
		t.Helper()
		changes, err := s.Observe(t.Context())
		must(t, err)
		blocked := plan.BlockedIn(changes)
		if !slices.ContainsFunc(blocked, func(c plan.Change) bool {
			return c.Resource == resource && strings.Contains(c.Reason, reason) && c.Hint != ""
		}) {
			t.Errorf("no %s with %q in %+v", resource, reason, changes)
		}
		if err := s.Apply(t.Context(), event.Discard); err == nil || calls.persisted() > 0 {
			t.Errorf("apply: %v, %d writes", err, calls.persisted())
		}
	}
	t.Run("values", func(t *testing.T) {
		calls := &recorder{}
		s := sb.step(t, calls, func(s *Settings) { s.Set = []string{"replicaCount=abc"} })
		refusedBy(t, s, calls, "helm-release/external-secrets/external-secrets", "replicaCount")
	})
	t.Run("neither escalate nor bind", func(t *testing.T) {
		calls := &recorder{}
		s := sb.as(t, "plain", calls, readmeRules())
		refusedBy(t, s, calls, "clusterrole/external-secrets-controller", `user "plain"`)
		for _, c := range plan.BlockedIn(s.changes()) {
			if !strings.Contains(c.Reason, "attempting to grant RBAC permissions not currently held") {
				t.Errorf("%+v", c)
			}
		}
	})
	t.Run("escalate alone", func(t *testing.T) {
		calls := &recorder{}
		s := sb.as(t, "escalating", calls, readmeRules("escalate"))
		refusedBy(t, s, calls, "clusterrolebinding/external-secrets-controller", "not bind ClusterRole external-secrets-controller")
	})
	t.Run("both", func(t *testing.T) {
		s := sb.as(t, "both", &recorder{}, readmeRules("escalate", "bind"))
		changes, _, err := up(t, s)
		must(t, err)
		if changes[1].Action != plan.Create || len(plan.BlockedIn(changes)) > 0 {
			t.Errorf("%+v", changes)
		}
	})
	t.Run("an upgrade by who may not", func(t *testing.T) {
		calls := &recorder{}
		s := sb.as(t, "later", calls, readmeRules())
		s.Set = []string{"replicaCount=2"}
		refusedBy(t, s, calls, "clusterrolebinding/external-secrets-controller", `user "later"`)
	})
}

// persisted counts the requests that change something: no dry runs and no access reviews.
func (r *recorder) persisted() (n int) {
	for _, c := range r.calls {
		if c.method != http.MethodGet && !c.dry && !strings.HasSuffix(c.path, "reviews") {
			n++
		}
	}
	return n
}

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
	must(t, err)

	// A forged first install in the way, and a Deployment with the operator's label: neither keeps the operator out.
	forged := helmRelease(1, release.StatusFailed)
	forged.Name, forged.Namespace, forged.Config = eso, eso, map[string]any{"extraObjects": []any{"evil"}}
	forge(forged)
	secret, err := storedRelease("sh.helm.release.v1.external-secrets.v1", forged, "createdAt", at())
	must(t, err)
	_, err = sb.client.CoreV1().Secrets(eso).Create(t.Context(), secret, metav1.CreateOptions{})
	must(t, err)
	s := sb.step(t, &recorder{}, nil)
	changes, _, err := up(t, s)
	must(t, err)
	if c := changes[0]; c.Action != plan.Create || !strings.Contains(c.Reason, "installed anew") {
		t.Errorf("%+v", c)
	}
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "deployment/tenant/web") {
		t.Errorf("warnings %q", w)
	}
	converges(t, sb, plan.None, "revision 2, as wanted", nil)
	sb.mustKeepProd(t)

	// Its Secret is lost: nothing says any more that it is ours.
	sb.lose(t)
	lost := sb.step(t, &recorder{}, nil)
	changes, _, err = up(t, lost)
	must(t, err)
	if lost.State() != Elsewhere || plan.Pending(changes) || !strings.Contains(strings.Join(lost.Warnings(), "\n"), "--adopt stores it anew") {
		t.Errorf("%s %+v, warnings %q", lost.State(), changes, lost.Warnings())
	}
	changes, err = lost.PlanDestroy(t.Context(), DestroyOptions{DeleteCRDs: true})
	must(t, err)
	if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "deployment/external-secrets/external-secrets of it runs") || !strings.Contains(c.Hint, "up --adopt --release external-secrets") {
		t.Errorf("%+v", c)
	}
	if slices.ContainsFunc(changes[1:], func(c plan.Change) bool { return c.Action != plan.None }) {
		t.Errorf("CRDs under an operator that runs: %+v", changes[1:])
	}
	converges(t, sb, plan.Create, "no Secret stores it any more, and its operator is there", func(s *Settings) { s.Adopt = true })

	// The stored release is forged: neither an upgrade nor an uninstall goes by it.
	sb.tamper(t, eso, eso, forge)
	s = sb.step(t, &recorder{}, func(s *Settings) { s.Set = []string{"podLabels.a=b"} })
	_, _, err = up(t, s)
	must(t, err)
	sb.mustKeepProd(t)
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "deployment/prod/web") {
		t.Errorf("warnings %q", w)
	}
	sb.tamper(t, eso, eso, forge)
	s = sb.step(t, &recorder{}, nil)
	changes, err = s.PlanDestroy(t.Context(), DestroyOptions{})
	must(t, err)
	if r := changes[0].Reason; !strings.Contains(r, "ours: deletes 5 ClusterRoles, 2 ClusterRoleBindings, 3 Deployments, ") {
		t.Errorf("%+v", changes[0])
	}
	must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "names what is not there or does not belong to the release, and is left: deployment/prod/web, secret/prod/db, clusterrole/prod-reader") ||
		!strings.Contains(w, "hooks for its deletion, which are not run: ClusterRoleBinding/tenant-admin") {
		t.Errorf("warnings %q", w)
	}
	sb.mustKeepProd(t)
	if left := sb.deployments(t); len(left) > 0 {
		t.Errorf("Deployments %v are left", left)
	}
	sb.mustHaveNothingOf(t, eso)
}

// mustHaveNothingOf says that no object names the release, but for its CRDs.
func (sb *sandbox) mustHaveNothingOf(t *testing.T, name string) {
	t.Helper()
	s := sb.step(t, &recorder{}, func(s *Settings) { s.Release = name })
	live, err := s.liveObjects(t.Context(), nil)
	must(t, err)
	if len(live) > 0 {
		t.Errorf("left: %s", tally(live))
	}
	list, err := sb.client.CoreV1().Secrets(eso).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	must(t, err)
	if len(list.Items) > 0 {
		t.Errorf("%d revisions are left", len(list.Items))
	}
}

// TestSandboxTenantsRelease is a release that a tenant forged in its own namespace, which has our label since it is Gen3's.
func TestSandboxTenantsRelease(t *testing.T) {
	sb := startSandbox(t)
	sb.makeProd(t)
	sb.makeNamespace(t, "evil", map[string]string{managedByLabel: managedBy})
	forged := helmRelease(1, release.StatusDeployed)
	forged.Name, forged.Namespace = "eso", "evil"
	forge(forged)
	secret, err := storedRelease("sh.helm.release.v1.eso.v1", forged, "createdAt", at())
	must(t, err)
	_, err = sb.client.CoreV1().Secrets("evil").Create(t.Context(), secret, metav1.CreateOptions{})
	must(t, err)
	calls := &recorder{}
	s := sb.step(t, calls, func(s *Settings) { s.Release, s.Namespace = "eso", "evil" })
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{KeepNamespace: true})
	must(t, err)
	if c := changes[0]; c.Action != plan.None || !strings.Contains(c.Reason, "left: its Secret says that it is ours, but neither its Namespace nor CRDs") {
		t.Errorf("%+v", c)
	}
	must(t, s.Destroy(t.Context(), DestroyOptions{KeepNamespace: true}, event.Discard))
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
	must(t, err)
	got := converges(t, sb, plan.Create, "no Secret stores it any more, and its operator is there", nil)
	if got.Revision != 1 || got.ChartVersion != "0.16.1" {
		t.Errorf("repaired as %+v", got)
	}
	again, err := sb.client.AppsV1().Deployments(eso).Get(t.Context(), eso, metav1.GetOptions{})
	must(t, err)
	if again.UID != d.UID {
		t.Error("the Deployment was made anew")
	}
	sb.lose(t)
	s := sb.step(t, &recorder{}, nil)
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{})
	must(t, err)
	if c := changes[0]; c.Action != plan.Delete || !strings.Contains(c.Reason, "ours, though no Secret stores it any more: deletes ") || !strings.Contains(c.Reason, "3 Deployments") {
		t.Errorf("%+v", c)
	}
	must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	gone(t, sb, s)
	sb.mustHaveNothingOf(t, eso)
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
	s.HolderAlive = func(context.Context) bool { return false }
	_, err = s.Observe(t.Context())
	must(t, err)
	if s.State() != Failed || !strings.Contains(s.verdict.Reason, "left uninstalling by a run of ours") {
		t.Errorf("%s: %s", s.State(), s.verdict.Reason)
	}
	must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	gone(t, sb, s)
	sb.mustHaveNothingOf(t, eso)
}
