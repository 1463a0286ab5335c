package secrets

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const liveValues = "global: {externalSecrets: {deploy: true}}\nsower: {enabled: true}\nindexd: {externalSecrets: {serviceCreds: demo-indexd-service-creds}}\n"

// TestListLive: the objects of the chart, as a real API server has them, say the same as the chart that is rendered with the same values.
func TestListLive(t *testing.T) {
	sandbox := kubetest.Start(t)
	values := gen3test.Values(t, "values.yaml", liveValues)
	ref := deployment.Ref{Files: []string{values}, Chart: gen3test.Checkout(t, gen3test.New)}
	apply(t, sandbox, "commons", ref)
	settings := bootstrap.Settings{Kubeconfig: sandbox.Kubeconfig, Namespace: "commons", Timeout: time.Minute}
	env := bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler), Sink: event.Discard}

	rendered, err := List(t.Context(), settings, ref, Other{}, env)
	kubetest.Must(t, err)
	ref.Source = deployment.Live
	live, err := List(t.Context(), settings, ref, Other{}, env)
	kubetest.Must(t, err)
	if diff := cmp.Diff(sorted(rendered.Secrets), sorted(live.Secrets)); diff != "" || len(live.Secrets) != 12 || live.Source != deployment.Live || live.Unnamed != "" {
		t.Errorf("%s: %s", live.Unnamed, diff)
	}

	for why, of := range map[string]deployment.Ref{
		"live objects do not say it": {Source: deployment.Live, Chart: ref.Chart},
		"--gen3-chart gen3":          {Source: deployment.Live, Files: []string{values}},
		"reads other secrets":        {Source: deployment.Live, Files: []string{gen3test.Values(t, "off.yaml", "global: {dev: true}")}, Chart: ref.Chart},
		"load chart ./none":          {Source: deployment.Live, Files: []string{values}, Chart: "./none"},
	} {
		r, err := List(t.Context(), settings, of, Other{}, env)
		if err != nil || len(r.Secrets) != 12 || len(r.Secrets[0].SetBy) > 0 || !strings.Contains(r.Unnamed, why) {
			t.Errorf("%s: %q, %v", why, r.Unnamed, err)
		}
	}
	if r, err := List(t.Context(), settings, deployment.Ref{Source: deployment.Live, Files: []string{"none.yaml"}}, Other{}, env); err == nil {
		t.Errorf("%+v", r)
	}
}

// sorted is what is independent of the order in which an API server lists, and of the templates.
func sorted(all []Secret) []Secret {
	for i := range all {
		slices.SortFunc(all[i].Readers, func(a, b Reader) int {
			return strings.Compare(a.By+a.Container+a.Secret+string(a.Via), b.By+b.Container+b.Secret+string(b.Via))
		})
		for _, list := range [][]string{all[i].ExternalSecrets, all[i].KubeSecrets, all[i].Stores, all[i].SetBy} {
			slices.Sort(list)
		}
	}
	return all
}

// apply puts all objects of the chart into a namespace, with the CRDs that it takes.
func apply(t *testing.T, sandbox *kubetest.Sandbox, namespace string, ref deployment.Ref) {
	t.Helper()
	values, err := deployment.ReadValues(t.Context(), ref.Files)
	kubetest.Must(t, err)
	chart, err := render.Load(t.Context(), nil, ref.Chart, "")
	kubetest.Must(t, err)
	r, err := chart.Render(values, ref.Options(namespace))
	kubetest.Must(t, err)
	create(t, sandbox, "", append(definitions(t, sandbox), gen3.Object{Content: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace},
	}}))
	create(t, sandbox, namespace, r.Objects)
}

// definitions are the CRDs of the operator's chart.
func definitions(t *testing.T, sandbox *kubetest.Sandbox) []gen3.Object {
	t.Helper()
	got, err := chartsource.Of("", sandbox.ChartRepo, "").Fetch(t.Context(), http.DefaultClient, chartsource.DefaultVersion)
	kubetest.Must(t, err)
	top, err := chartutil.ToRenderValues(got.Chart, nil, chartutil.ReleaseOptions{Name: "eso", Namespace: "eso"}, nil)
	kubetest.Must(t, err)
	files, err := engine.Engine{}.Render(got.Chart, top)
	kubetest.Must(t, err)
	var out []gen3.Object
	for name, text := range files {
		objects, _ := render.Parse(name, text)
		for _, o := range objects {
			if o.Kind() == "CustomResourceDefinition" {
				out = append(out, o)
			}
		}
	}
	return out
}

// create makes objects. What a kind needs and is no matter of secrets is added, and a kind that was just defined is awaited.
func create(t *testing.T, sandbox *kubetest.Sandbox, namespace string, objects []gen3.Object) {
	t.Helper()
	client, err := dynamic.NewForConfig(sandbox.Config(t))
	kubetest.Must(t, err)
	discoverer, err := discovery.NewDiscoveryClientForConfig(sandbox.Config(t))
	kubetest.Must(t, err)
	for _, o := range objects {
		object := &unstructured.Unstructured{Object: o.Content}
		complete(object)
		ended := time.Now().Add(30 * time.Second)
		for {
			err := createOne(t, client, discoverer, namespace, object)
			if err == nil {
				break
			}
			if !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) || time.Now().After(ended) {
				t.Fatalf("create %s: %v", o.Ref(), err)
			}
		}
	}
}

func createOne(t *testing.T, client dynamic.Interface, discoverer discovery.DiscoveryInterface, namespace string, object *unstructured.Unstructured) error {
	t.Helper()
	groups, err := restmapper.GetAPIGroupResources(discoverer)
	if err != nil {
		return err
	}
	kind := object.GroupVersionKind()
	mapping, err := restmapper.NewDiscoveryRESTMapper(groups).RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var api dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		api = client.Resource(mapping.Resource).Namespace(namespace)
	}
	_, err = api.Create(t.Context(), object, metav1.CreateOptions{})
	return err
}

// complete adds what the small umbrella leaves out and an API server insists on.
func complete(object *unstructured.Unstructured) {
	template, isPods, _ := unstructured.NestedMap(object.Object, "spec", "template")
	if !isPods {
		return
	}
	labels := map[string]any{"app": object.GetName()}
	if object.GetKind() == "Deployment" {
		_ = unstructured.SetNestedMap(object.Object, map[string]any{"matchLabels": labels}, "spec", "selector")
		_ = unstructured.SetNestedMap(template, labels, "metadata", "labels")
	} else {
		_ = unstructured.SetNestedField(template, "Never", "spec", "restartPolicy")
	}
	for _, field := range []string{"containers", "initContainers"} {
		list, _, _ := unstructured.NestedSlice(template, "spec", field)
		for _, c := range list {
			if c, ok := c.(map[string]any); ok && c["image"] == nil {
				c["image"] = "example.org/any"
			}
		}
		if len(list) > 0 {
			_ = unstructured.SetNestedSlice(template, list, "spec", field)
		}
	}
	_ = unstructured.SetNestedMap(object.Object, template, "spec", "template")
}
