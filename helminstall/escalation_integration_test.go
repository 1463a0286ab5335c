package helminstall

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// as is a step of somebody with the rights of a ClusterRole, and in the release's namespace with those of a Role.
func (sb *sandbox) as(t *testing.T, user string, calls *recorder, rules []rbacv1.PolicyRule, there ...rbacv1.PolicyRule) *Step {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules}
	_, err := sb.client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{})
	kubetest.Must(t, err)
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}
	_, err = sb.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{})
	kubetest.Must(t, err)
	if len(there) > 0 {
		_, err = sb.client.RbacV1().Roles(eso).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: there}, metav1.CreateOptions{})
		kubetest.Must(t, err)
		local := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: user}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
			Subjects: binding.Subjects,
		}
		_, err = sb.client.RbacV1().RoleBindings(eso).Create(t.Context(), local, metav1.CreateOptions{})
		kubetest.Must(t, err)
	}
	s := sb.step(t, calls, nil)
	s.Config.Impersonate = rest.ImpersonationConfig{UserName: user}
	s.Client, err = kubernetes.NewForConfig(s.Config)
	kubetest.Must(t, err)
	// The API server learns of roles a moment after they are made.
	kubetest.Must(t, wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
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
		kubetest.Must(t, err)
		blocked := plan.BlockedIn(changes)
		if !slices.ContainsFunc(blocked, func(c plan.Change) bool {
			return c.Resource.String() == resource && strings.Contains(c.Reason, reason) && c.Hint != ""
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
		kubetest.Must(t, err)
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

// TestSandboxUninstallByWhoSeesOneNamespace: rights everywhere are needed for cluster-wide kinds alone.
func TestSandboxUninstallByWhoSeesOneNamespace(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", nil)
	remove := []string{"list", "delete"}
	wide := []rbacv1.PolicyRule{
		{APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
		{APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"validatingwebhookconfigurations"}, Verbs: remove},
		{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles", "clusterrolebindings"}, Verbs: remove},
	}
	there := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list", "delete", "update"}},
		{APIGroups: []string{""}, Resources: []string{"services", "serviceaccounts"}, Verbs: remove},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: remove},
		{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles", "rolebindings"}, Verbs: remove},
	}
	blind := sb.as(t, "blind", &recorder{}, wide, there[:3]...)
	if _, err := blind.PlanDestroy(t.Context(), DestroyOptions{KeepNamespace: true}); err == nil || !strings.Contains(err.Error(), "list Role") || hint.Of(err) == "" {
		t.Errorf("what cannot be seen is not told: %v", err)
	}
	s := sb.as(t, "local", &recorder{}, wide, there...)
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{KeepNamespace: true}, event.Discard))
	sb.mustHaveNothing(t)
}
