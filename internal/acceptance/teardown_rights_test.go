package acceptance

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// right is one verb on one kind of object.
type right struct{ group, resource, name, verb string }

// teardownRights are what the README says that teardown needs in the cluster, besides reading.
func teardownRights() []right {
	var out []right
	add := func(group, resource, name string, verbs ...string) {
		for _, verb := range verbs {
			out = append(out, right{group, resource, name, verb})
		}
	}
	add("coordination.k8s.io", "leases", "", "create")
	add("coordination.k8s.io", "leases", kube.RecordName, "get", "update", "delete")
	add("coordination.k8s.io", "leases", kube.ReleaseLockName, "get", "update", "delete")
	add("", "configmaps", kube.RecordName, "get", "delete")
	add("", "secrets", "", "get", "update", "delete")
	add("", "namespaces", "", "delete")
	for _, resource := range []string{"services", "serviceaccounts"} {
		add("", resource, "", "get", "delete")
	}
	add("apps", "deployments", "", "get", "delete")
	for _, resource := range []string{"roles", "rolebindings", "clusterroles", "clusterrolebindings"} {
		add("rbac.authorization.k8s.io", resource, "", "get", "delete")
	}
	add("admissionregistration.k8s.io", "validatingwebhookconfigurations", "", "get", "delete")
	return out
}

// TestTeardownAsksForItsRights takes one right after the other away from a caller who has no more than the README says:
// teardown names it before it writes anything. With all of them it leaves nothing.
func TestTeardownAsksForItsRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownSandbox(t))
	w.settings.SkipHelm = false
	w.settings.Timing.Request = 20 * time.Second
	w.settings.LockTimeout = time.Minute
	w.mustUp(t)
	all := teardownRights()
	for i, missing := range all {
		if !fullMatrix() && i%5 != 0 {
			continue
		}
		w.become(t, fmt.Sprintf("all-but-%d", i), slices.Delete(slices.Clone(all), i, i+1), missing)
		w.forgetCalls()
		result, err := w.do(t.Context(), "teardown")
		named := hasProblem(result, "may not "+missing.verb+" "+missing.resource)
		named = named || hasProblem(result, "cannot "+missing.verb+" resource") // where it is read before anything is planned
		if err == nil || !named || len(w.proxy.Writes()) > 0 || len(w.aws.Writes()) > 0 {
			t.Errorf("without the right to %s %s %s: %v, wrote %v %v\n%s", missing.verb, missing.resource, missing.name, err, w.proxy.Writes(), w.aws.Writes(), problems(result))
		}
	}
	w.become(t, "all", all)
	w.mustTeardown(t)
	w.mustHaveNoRelease(t)
}

// become makes the world's runs those of another user, with these rights and to read everything but Secrets one by one.
func (w *world) become(t *testing.T, user string, rights []right, missing ...right) {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{
		{Verbs: []string{"list"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
		{Verbs: []string{"get"}, APIGroups: []string{"", "apiextensions.k8s.io"}, Resources: []string{"namespaces", "customresourcedefinitions"}},
	}}
	for _, r := range rights {
		rule := rbacv1.PolicyRule{Verbs: []string{r.verb}, APIGroups: []string{r.group}, Resources: []string{r.resource}}
		if r.name != "" {
			rule.ResourceNames = []string{r.name}
		}
		role.Rules = append(role.Rules, rule)
	}
	_, err := w.kube.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{})
	check(t, "create ClusterRole", err)
	_, err = w.kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}, metav1.CreateOptions{})
	check(t, "create ClusterRoleBinding", err)
	file, err := clientcmd.LoadFromFile(w.settings.Kubeconfig)
	check(t, "read kubeconfig", err)
	for _, who := range file.AuthInfos {
		who.Impersonate = user
	}
	w.settings.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	check(t, "write kubeconfig", clientcmd.WriteToFile(*file, w.settings.Kubeconfig))
	w.awaitRights(t, user, append(slices.Clone(rights), missing...), len(missing))
}

// awaitRights waits until the API server knows of them.
func (w *world) awaitRights(t *testing.T, user string, rights []right, missing int) {
	t.Helper()
	config := loadConfig(t, w.sandbox.Kubeconfig)
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	clients, err := kubernetes.NewForConfig(config)
	check(t, "connect", err)
	var wanted []authorizationv1.ResourceAttributes
	for _, r := range rights {
		wanted = append(wanted, authorizationv1.ResourceAttributes{Namespace: w.namespace, Group: r.group, Resource: r.resource, Name: r.name, Verb: r.verb})
	}
	poll(t, "the rights of "+user, func() bool {
		denied, err := (&kube.Client{Interface: clients}).Denied(t.Context(), wanted)
		return err == nil && len(denied) == missing
	})
}
