package acceptance

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// tenant is somebody with rights in one namespace and nowhere else, and none in AWS: a ServiceAccount that signs in with
// its own token, bound there to ClusterRole edit and to what controllers may write.
type tenant struct {
	kube      kubernetes.Interface
	dynamic   dynamic.Interface
	namespace string
}

const tenantName = "tenant"

// newTenant makes the tenant of a namespace, or signs in again the one that is there.
func newTenant(t *testing.T, sb *sandbox, namespace string) *tenant {
	t.Helper()
	admin := loadConfig(t, sb.Kubeconfig)
	client, err := kubernetes.NewForConfig(admin)
	check(t, "connect", err)
	_, err = client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: tenantName}}, metav1.CreateOptions{})
	ignoreExisting(t, "create ServiceAccount", err)
	all := func(group string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"*"}}
	}
	_, err = client.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: tenantName}, Rules: []rbacv1.PolicyRule{
		all("coordination.k8s.io", "leases"), all("", "events"), all("external-secrets.io", "*"),
	}}, metav1.CreateOptions{})
	ignoreExisting(t, "create Role", err)
	for name, ref := range map[string]rbacv1.RoleRef{
		tenantName + "-edits":    {APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		tenantName + "-controls": {APIGroup: rbacv1.GroupName, Kind: "Role", Name: tenantName},
	} {
		_, err = client.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref,
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: tenantName}},
		}, metav1.CreateOptions{})
		ignoreExisting(t, "create RoleBinding", err)
	}
	token, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), tenantName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	check(t, "create token", err)
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken, config.QPS, config.Burst = token.Status.Token, -1, -1
	out := &tenant{namespace: namespace}
	out.kube, err = kubernetes.NewForConfig(config)
	check(t, "connect as the tenant", err)
	out.dynamic, err = dynamic.NewForConfig(config)
	check(t, "connect as the tenant", err)
	poll(t, "the tenant's rights", func() bool {
		return out.may(t, namespace, "update", "", "secrets") && out.may(t, namespace, "delete", "", "configmaps") && out.may(t, namespace, "create", "apps", "deployments")
	})
	out.mustBeConfined(t)
	return out
}

func ignoreExisting(t *testing.T, what string, err error) {
	t.Helper()
	if !apierrors.IsAlreadyExists(err) {
		check(t, what, err)
	}
}

func (x *tenant) may(t *testing.T, namespace, verb, group, resource string) bool {
	t.Helper()
	review, err := x.kube.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: verb, Group: group, Resource: resource,
		}},
	}, metav1.CreateOptions{})
	check(t, "ask for the tenant's rights", err)
	return review.Status.Allowed
}

// mustBeConfined says that the tenant has no right beyond its namespace.
func (x *tenant) mustBeConfined(t *testing.T) {
	t.Helper()
	if x.may(t, "", "*", "*", "*") || x.may(t, "", "get", "", "secrets") || x.may(t, victims, "get", "", "secrets") || x.may(t, victims, "delete", "apps", "deployments") {
		t.Error("the tenant has rights beyond its namespace")
	}
}

// tamper rewrites the record as the tenant.
func (x *tenant) tamper(t *testing.T, edit func(*corev1.ConfigMap)) {
	t.Helper()
	api := x.kube.CoreV1().ConfigMaps(x.namespace)
	check(t, "tamper with the record", retry.RetryOnConflict(retry.DefaultRetry, func() error {
		record, err := api.Get(t.Context(), kube.RecordName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			record = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: kube.RecordName, Labels: mark()}, Data: map[string]string{}}
			edit(record)
			_, err = api.Create(t.Context(), record, metav1.CreateOptions{})
			return err
		}
		if err != nil {
			return err
		}
		edit(record)
		_, err = api.Update(t.Context(), record, metav1.UpdateOptions{})
		return err
	}))
}

// deleteRecord is the bluntest way of tampering.
func (x *tenant) deleteRecord(t *testing.T) {
	t.Helper()
	err := x.kube.CoreV1().ConfigMaps(x.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{})
	if !apierrors.IsNotFound(err) {
		check(t, "delete the record", err)
	}
}

// putSecret makes or replaces a Secret, label of ours included.
func (x *tenant) putSecret(t *testing.T, secret *corev1.Secret) {
	t.Helper()
	api := x.kube.CoreV1().Secrets(x.namespace)
	check(t, "put Secret "+secret.Name, retry.RetryOnConflict(retry.DefaultRetry, func() error {
		fresh := secret.DeepCopy()
		fresh.ResourceVersion, fresh.UID = "", ""
		_, err := api.Create(t.Context(), fresh, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		there, err := api.Get(t.Context(), secret.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		there.Labels, there.Annotations, there.Data, there.Immutable = secret.Labels, secret.Annotations, secret.Data, secret.Immutable
		there.Finalizers, there.OwnerReferences = secret.Finalizers, secret.OwnerReferences
		_, err = api.Update(t.Context(), there, metav1.UpdateOptions{})
		return err
	}))
}

// editSecret changes a Secret of the namespace.
func (x *tenant) editSecret(t *testing.T, name string, edit func(*corev1.Secret)) {
	t.Helper()
	secret, err := x.kube.CoreV1().Secrets(x.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		secret, err = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: mark()}, Data: map[string][]byte{}}, nil
	}
	check(t, "get Secret "+name, err)
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	edit(secret)
	x.putSecret(t, secret)
}

// custom makes an object of External Secrets with the status that its operator would give it.
func (x *tenant) custom(t *testing.T, version, kind, name string, spec, status map[string]any) {
	t.Helper()
	resource := schema.GroupVersionResource{Group: "external-secrets.io", Version: version, Resource: strings.ToLower(kind) + "s"}
	api := x.dynamic.Resource(resource).Namespace(x.namespace)
	made, err := api.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "external-secrets.io/" + version, "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
	}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return
	}
	if err == nil && status != nil {
		made.Object["status"] = status
		_, err = api.UpdateStatus(t.Context(), made, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Errorf("make %s %s: %v", kind, name, err) // also where others make some at the same time
	}
}

func mark() map[string]string { return map[string]string{kube.ManagedByLabel: kube.ManagedBy} }
