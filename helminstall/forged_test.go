package helminstall

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
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
	kubetest.Must(t, err)
	_, err = sb.client.CoreV1().Secrets("prod").Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db"}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	_, err = sb.client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "prod-reader"}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// mustKeepProd says that all of it is there as it was, and that no hook ran.
func (sb *sandbox) mustKeepProd(t *testing.T) {
	t.Helper()
	_, err := sb.client.AppsV1().Deployments("prod").Get(t.Context(), "web", metav1.GetOptions{})
	kubetest.Must(t, err)
	_, err = sb.client.CoreV1().Secrets("prod").Get(t.Context(), "db", metav1.GetOptions{})
	kubetest.Must(t, err)
	_, err = sb.client.RbacV1().ClusterRoles().Get(t.Context(), "prod-reader", metav1.GetOptions{})
	kubetest.Must(t, err)
	if _, err := sb.client.RbacV1().ClusterRoleBindings().Get(t.Context(), "tenant-admin", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the forged hook was created: %v", err)
	}
}

func (sb *sandbox) makeNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := sb.client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// tamper changes what is stored of the newest revision, as who may write Secrets there can.
func (sb *sandbox) tamper(t *testing.T, change func(*release.Release)) {
	t.Helper()
	theirs := storage.Init(driver.NewSecrets(sb.client.CoreV1().Secrets(eso)))
	last, err := theirs.Last(eso)
	kubetest.Must(t, err)
	change(last)
	kubetest.Must(t, theirs.Update(last))
}

// lose deletes all that is stored of the release.
func (sb *sandbox) lose(t *testing.T) {
	t.Helper()
	kubetest.Must(t, sb.client.CoreV1().Secrets(eso).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}))
}

func (sb *sandbox) deployments(t *testing.T) (names []string) {
	t.Helper()
	list, err := sb.client.AppsV1().Deployments(eso).List(t.Context(), metav1.ListOptions{})
	kubetest.Must(t, err)
	for _, d := range list.Items {
		names = append(names, d.Name)
	}
	return names
}

// mustHaveNothing says that no object names the release, but for its CRDs.
func (sb *sandbox) mustHaveNothing(t *testing.T) {
	t.Helper()
	s := sb.step(t, &recorder{}, nil)
	live, err := s.liveObjects(t.Context(), nil)
	kubetest.Must(t, err)
	if len(live) > 0 {
		t.Errorf("kept: %s", tally(live))
	}
	list, err := sb.client.CoreV1().Secrets(eso).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	kubetest.Must(t, err)
	if len(list.Items) > 0 {
		t.Errorf("%d revisions are left", len(list.Items))
	}
}
