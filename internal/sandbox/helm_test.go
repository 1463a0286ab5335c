package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/charts"
)

// helmConfig is Helm's, for releases in one namespace.
func helmConfig(t *testing.T, s *sandbox.Sandbox, namespace string) *action.Configuration {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig, flags.Namespace = &s.Kubeconfig, &namespace
	cfg := &action.Configuration{}
	if err := cfg.Init(flags, namespace, "secret", func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// download gets a chart from the sandbox's repository.
func download(t *testing.T, s *sandbox.Sandbox, name, version string) *chart.Chart {
	t.Helper()
	settings := cli.New()
	settings.RepositoryCache, settings.RepositoryConfig = t.TempDir(), t.TempDir()+"/repositories.yaml" // none of the user's own
	opts := action.ChartPathOptions{RepoURL: s.ChartRepo, Version: version}
	path, err := opts.LocateChart(name, settings)
	if err != nil {
		t.Fatal(err)
	}
	c, err := loader.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// install installs a chart and waits for it as Helm does.
func install(t *testing.T, s *sandbox.Sandbox, namespace string, c *chart.Chart, values map[string]any) *release.Release {
	t.Helper()
	start := time.Now()
	in := action.NewInstall(helmConfig(t, s, namespace))
	in.ReleaseName, in.Namespace = "test", namespace
	in.Wait, in.Timeout = true, 2*time.Minute
	rel, err := in.RunWithContext(t.Context(), c, values)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("installed %s after %v", c.Name(), time.Since(start).Round(time.Millisecond))
	return rel
}

func testFewObjects(t *testing.T, s *sandbox.Sandbox) {
	k := client(t, s.Kubeconfig)
	ns := newNamespace(t.Context(), t, k)
	install(t, s, ns, download(t, s, charts.FewObjects, "0.1.0"), nil)
	up := action.NewUpgrade(helmConfig(t, s, ns))
	up.Namespace = ns
	if _, err := up.RunWithContext(t.Context(), "test", download(t, s, charts.FewObjects, "0.2.0"), nil); err != nil {
		t.Fatal(err)
	}
	got, err := k.CoreV1().ConfigMaps(ns).Get(t.Context(), "test", metav1.GetOptions{})
	if err != nil || got.Data["version"] != "0.2.0" {
		t.Errorf("ConfigMap of the upgraded release has %v, err %v", got.Data, err)
	}
	served := requests(t, s)
	if len(served) != 4 || served[0].Path != "/index.yaml" || served[1].Path != "/few-objects-0.1.0.tgz" {
		t.Errorf("repository says that it served %v", served)
	}
}

// testExternalSecrets installs the real chart without webhooks, then as it is.
func testExternalSecrets(t *testing.T, s *sandbox.Sandbox) {
	k := client(t, s.Kubeconfig)
	c := download(t, s, charts.ExternalSecrets, "0.16.2")
	values := map[string]any{
		"installCRDs": true,
		"webhook":     map[string]any{"create": false},
		"crds":        map[string]any{"annotations": map[string]any{"helm.sh/resource-policy": "keep"}},
	}
	ns := newNamespace(t.Context(), t, k)
	install(t, s, ns, c, values)
	if !servesStores(t, s, "v1") || !servesStores(t, s, "v1beta1") {
		t.Error("0.16.2 does not serve both v1 and v1beta1")
	}
	if _, err := action.NewUninstall(helmConfig(t, s, ns)).Run("test"); err != nil {
		t.Fatal(err)
	}
	if !servesStores(t, s, "v1") {
		t.Error("CRDs went in spite of helm.sh/resource-policy")
	}
	// The CRDs that were kept belong to the release of this name and namespace.
	install(t, s, ns, c, nil)
	webhooks, err := k.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(webhooks.Items) != 2 {
		t.Errorf("default values: got %d webhook configurations, want 2; err %v", len(webhooks.Items), err)
	}
	testWebhookRefuses(t, s, ns)
}

// testWebhookRefuses checks that a write that a webhook guards fails at once,
// where it would hang if the call went to an address that swallows it.
func testWebhookRefuses(t *testing.T, s *sandbox.Sandbox, namespace string) {
	t.Helper()
	c, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	store := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
		"metadata": map[string]any{"name": "test"},
		"spec":     map[string]any{"provider": map[string]any{"fake": map[string]any{"data": []any{}}}},
	}}
	stores := schema.GroupVersionResource{Group: "external-secrets.io", Version: "v1", Resource: "secretstores"}
	start := time.Now()
	_, err = c.Resource(stores).Namespace(namespace).Create(t.Context(), store, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("create SecretStore with a webhook that is down: %v", err)
	}
	t.Logf("webhook refused after %v", time.Since(start).Round(time.Millisecond))
}

func servesStores(t *testing.T, s *sandbox.Sandbox, version string) bool {
	t.Helper()
	list, err := client(t, s.Kubeconfig).Discovery().ServerResourcesForGroupVersion("external-secrets.io/" + version)
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	if list == nil {
		return false
	}
	for _, r := range list.APIResources {
		if r.Kind == "SecretStore" {
			return true
		}
	}
	return false
}
