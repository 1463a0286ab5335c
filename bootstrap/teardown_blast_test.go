package bootstrap_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const cleanup = "externalsecrets.external-secrets.io/externalsecret-cleanup"

func external(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "external-secrets.io", Version: "v1", Resource: resource}
}

// store makes a SecretStore that signs in with a Secret of its namespace, as the gen3 chart's does.
func (c *cluster) store(t *testing.T, namespace, name, secret string) {
	t.Helper()
	ref := func(key string) map[string]any { return map[string]any{"name": secret, "key": key} }
	c.custom(t, namespace, "secretstores", "SecretStore", name, map[string]any{"provider": map[string]any{"aws": map[string]any{
		"service": "SecretsManager", "region": region,
		"auth": map[string]any{"secretRef": map[string]any{"accessKeyIDSecretRef": ref("access-key"), "secretAccessKeySecretRef": ref("secret-access-key")}},
	}}})
}

// externalSecret makes an ExternalSecret with the finalizer that newer operators put on, and the Secret that it owns.
func (c *cluster) externalSecret(t *testing.T, namespace, name, store string) {
	t.Helper()
	uid := c.custom(t, namespace, "externalsecrets", "ExternalSecret", name, map[string]any{
		"secretStoreRef": map[string]any{"name": store, "kind": "SecretStore"},
		"data":           []any{map[string]any{"secretKey": "k", "remoteRef": map[string]any{"key": name}}},
	}, cleanup)
	c.owned(t, namespace, name, name, uid)
}

func (c *cluster) custom(t *testing.T, namespace, resource, kind, name string, spec map[string]any, finalizers ...string) types.UID {
	t.Helper()
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
	}}
	object.SetFinalizers(finalizers)
	made, err := c.dynamic.Resource(external(resource)).Namespace(namespace).Create(t.Context(), object, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return made.GetUID()
}

func (c *cluster) owned(t *testing.T, namespace, name, owner string, uid types.UID) {
	t.Helper()
	_, err := c.kube.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: name, OwnerReferences: []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: owner, UID: uid}},
	}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// crdsAre waits until the CRDs serve, or are gone.
func (c *cluster) crdsAre(t *testing.T, there bool) {
	t.Helper()
	for _, resource := range []string{"externalsecrets", "secretstores"} {
		eventually(t, "API external-secrets.io/v1", func(ctx context.Context) bool {
			_, err := c.dynamic.Resource(external(resource)).List(ctx, metav1.ListOptions{})
			return there && err == nil || !there && apierrors.IsNotFound(err)
		})
	}
}

// collects shows that garbage collection runs: a Secret whose owner never was goes.
func (c *cluster) collects(t *testing.T, namespace string) {
	t.Helper()
	c.owned(t, namespace, "canary", "never-was", "00000000-0000-0000-0000-000000000000")
	eventually(t, "garbage collection", func(ctx context.Context) bool {
		_, err := c.kube.CoreV1().Secrets(namespace).Get(ctx, "canary", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

// tenants are namespaces with objects of External Secrets in them.
func (c *cluster) tenants(t *testing.T, names ...string) {
	t.Helper()
	for _, ns := range names {
		c.namespace(t, ns)
		c.store(t, ns, "gen3-secret-store", "gen3-aws-config")
		for _, name := range []string{"fence-config", "indexd-creds"} {
			c.externalSecret(t, ns, name, "gen3-secret-store")
		}
	}
}

func (c *cluster) dismiss(t *testing.T, names ...string) {
	t.Helper()
	for _, ns := range names {
		if err := c.kube.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			kubetest.Must(t, err)
		}
	}
	for _, ns := range names {
		c.awaitGone(t, ns)
	}
}

// survivors keeps what says that objects of External Secrets survived.
func survivors(photo map[string]string, namespaces ...string) map[string]string {
	out := maps.Clone(photo)
	maps.DeleteFunc(out, func(key, _ string) bool {
		return !slices.ContainsFunc(namespaces, func(ns string) bool { return strings.Contains(key, "/"+ns+"/") })
	})
	return out
}

func testBlast(t *testing.T, c *cluster) {
	tenants := []string{"tenant-a", "tenant-b", "tenant-c"}
	s := c.newStage(t, awsfake.Start(t), "blast")
	// As the script installed it: without the annotation that keeps the CRDs. No pod of the webhook runs here.
	s.settings.Helm.Set = []string{"webhook.create=false", `crds.annotations.helm\.sh/resource-policy=null`}
	s.up(t)
	s.forget()
	c.crdsAre(t, true)
	c.tenants(t, tenants...)
	before := s.photo(t)

	result, err := s.teardown(t, teardown.Options{})
	if !errors.Is(err, bootstrap.ErrFailed) || result.Changed {
		t.Fatalf("it does not refuse: %v\n%s", err, show(result))
	}
	for _, ns := range tenants {
		want := "namespace/" + ns + ": 2 ExternalSecrets (fence-config, indexd-creds), 1 SecretStore (gen3-secret-store), 2 Secrets that ExternalSecrets own (fence-config, indexd-creds)"
		if !strings.Contains(show(result), want) {
			t.Errorf("%q is not said:\n%s", want, show(result))
		}
	}
	same(t, "refusal", before, s.photo(t))
	result, err = s.teardown(t, teardown.Options{DeleteCRDs: true})
	if !errors.Is(err, bootstrap.ErrFailed) || result.Changed {
		t.Fatalf("--delete-crds does not refuse: %v\n%s", err, show(result))
	}
	same(t, "refusal of --delete-crds", before, s.photo(t))

	crds := c.crds(t)
	s.mustTeardown(t, teardown.Options{Force: true})
	c.collects(t, "tenant-a")
	if left := c.crds(t); !slices.Equal(left, crds) {
		t.Errorf("CRDs %v, before %v", left, crds)
	}
	same(t, "--force", survivors(before, tenants...), survivors(s.photo(t), tenants...))
	s.mustBeGone(t)

	s.settings.SkipHelm, s.settings.CreateNamespace = true, true
	testKeyInUse(t, s)
	s.settings.SkipHelm = false
	s.settings.Helm.Set = []string{"webhook.create=false"}
	testDeleteCRDs(t, s, tenants)
}

// testKeyInUse: only the stores that sign in with the key that goes are in the way.
func testKeyInUse(t *testing.T, s *stage) {
	t.Helper()
	s.up(t)
	if result, err := s.teardown(t, teardown.Options{DryRun: true}); err != nil {
		t.Errorf("stores of other namespaces are in the way: %v\n%s", err, show(result))
	}
	s.store(t, "blast", "other-store", "somebodys-key")
	s.externalSecret(t, "blast", "other", "other-store")
	if result, err := s.teardown(t, teardown.Options{DryRun: true}); err != nil {
		t.Errorf("a store with another key is in the way: %v\n%s", err, show(result))
	}
	s.store(t, "blast", "gen3-secret-store", "gen3-aws-config")
	s.externalSecret(t, "blast", "wts", "gen3-secret-store")
	result, err := s.teardown(t, teardown.Options{})
	if err == nil || result.Changed || !strings.Contains(show(result), "(wts)") || strings.Contains(show(result), "2 SecretStores") {
		t.Errorf("the store with our key: %v\n%s", err, show(result))
	}
	result = s.mustTeardown(t, teardown.Options{Force: true})
	if !strings.Contains(show(result), "namespace/blast: kept") {
		t.Errorf("that the namespace is left is not said:\n%s", show(result))
	}
}

// foreignFinalizer: CRDs whose objects somebody else holds are not begun with, and the rest goes.
func foreignFinalizer(t *testing.T, s *stage) {
	t.Helper()
	stores := s.dynamic.Resource(external("secretstores")).Namespace("tenant-a")
	finalizers := func(list string) {
		_, err := stores.Patch(t.Context(), "gen3-secret-store", types.MergePatchType, []byte(`{"metadata":{"finalizers":[`+list+`]}}`), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
	finalizers(`"example.org/mine"`)
	dry, err := s.teardown(t, teardown.Options{DryRun: true, Force: true, DeleteCRDs: true})
	if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(dry), "SecretStore tenant-a/gen3-secret-store (example.org/mine)") {
		t.Errorf("a foreign finalizer: %v\n%s", err, show(dry))
	}
	finalizers("")
}

// testDeleteCRDs: with --force everything goes, finalizers or not.
func testDeleteCRDs(t *testing.T, s *stage, tenants []string) {
	t.Helper()
	s.up(t)
	foreignFinalizer(t, s)
	result := s.mustTeardown(t, teardown.Options{Force: true, DeleteCRDs: true})
	if !strings.Contains(show(result), "finalizers/external-secrets.io") {
		t.Errorf("finalizers are not said:\n%s", show(result))
	}
	s.crdsAre(t, false)
	for _, ns := range tenants {
		eventually(t, "end of owned Secrets", func(ctx context.Context) bool {
			list, err := s.kube.CoreV1().Secrets(ns).List(ctx, metav1.ListOptions{})
			return err == nil && len(list.Items) == 0
		})
	}
	eventually(t, "a teardown with nothing to do", func(context.Context) bool { // once owned Secrets are collected
		return !s.mustTeardown(t, teardown.Options{}).Changed
	})
	s.dismiss(t, append(tenants, "blast")...)
}

func testNoOperator(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "no-operator")
	before := s.photo(t)
	s.settings.Helm.Set = []string{"webhook.create=false"}
	s.up(t)
	c.crdsAre(t, true)
	c.tenants(t, "tenant-d")
	s.settings.Helm.Set, s.settings.Helm.NoWait = []string{"webhook.create=true"}, true // from now on every write to a store is refused
	s.up(t)
	store := c.dynamic.Resource(external("secretstores")).Namespace("tenant-d")
	if err := store.Delete(t.Context(), "gen3-secret-store", metav1.DeleteOptions{}); err == nil {
		t.Fatal("the webhooks refuse nothing")
	}
	kubetest.Must(t, c.kube.AppsV1().Deployments("external-secrets").DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
	s.forget()
	testReleaseInUse(t, s)
	result := s.mustTeardown(t, teardown.Options{Force: true, DeleteCRDs: true})
	if !strings.Contains(show(result), "taken off 2 objects") {
		t.Errorf("what was done is not said:\n%s", show(result))
	}
	c.dismiss(t, "tenant-d")
	same(t, "no operator", before, s.photo(t))
}

// testReleaseInUse: while another namespace has a record, neither release nor CRDs go, whatever is asked for.
func testReleaseInUse(t *testing.T, s *stage) {
	t.Helper()
	neighbour := s.newStage(t, s.aws, "neighbour")
	neighbour.settings.SkipHelm = true
	neighbour.up(t)
	dry, err := s.teardown(t, teardown.Options{DryRun: true})
	if err != nil || !strings.Contains(show(dry), "helm-release/external-secrets/external-secrets: kept: 1 other namespace set up with gen3-bootstrap may use it: neighbour") {
		t.Errorf("release in use: %v\n%s", err, show(dry))
	}
	dry, err = s.teardown(t, teardown.Options{DryRun: true, Force: true, DeleteCRDs: true})
	if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(dry), "the CRDs are kept") {
		t.Errorf("CRDs in use: %v\n%s", err, show(dry))
	}
	neighbour.forget()
	neighbour.mustTeardown(t, teardown.Options{})
}
