package helminstall

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
)

// TestWhatIsTried: some objects of a chart are never installed, or cannot be judged before others are.
func TestWhatIsTried(t *testing.T) {
	t.Parallel()
	mapper := meta.NewDefaultRESTMapper(nil)
	for kind, scope := range map[schema.GroupVersionKind]meta.RESTScope{
		{Version: "v1", Kind: "ConfigMap"}: meta.RESTScopeNamespace, {Version: "v1", Kind: "Pod"}: meta.RESTScopeNamespace, {Version: "v1", Kind: "Namespace"}: meta.RESTScopeRoot,
		{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}: meta.RESTScopeRoot,
	} {
		mapper.Add(kind, scope)
	}
	s := &Step{apis: &sdk.APIs{Mapper: mapper}, Settings: Settings{Namespace: "eso"}}
	object := func(apiVersion, kind, metadata, more string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {" + metadata + "}\n" + more
	}
	tried, crds := s.objectsIn([]string{
		object("v1", "ConfigMap", "name: settings", ""),
		object("v1", "Pod", `name: test, annotations: {"helm.sh/hook": test-success}`, ""),
		object("v1", "ConfigMap", `name: before, annotations: {"helm.sh/hook": pre-install}`, ""),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "name: things.example.org", "spec: {group: example.org}"),
		object("example.org/v1", "Thing", "name: of-the-chart-s-own-kind", ""),
		object("other.org/v1", "Thing", "name: of-an-unknown-kind", ""),
		object("v1", "Namespace", "name: more", ""),
		object("v1", "ConfigMap", "name: inside, namespace: more", ""),
		"# nothing",
	})
	var got []string
	for _, x := range tried {
		state := ""
		if x.unknown != nil {
			state = ": unknown"
		}
		got = append(got, s.resourceOf(x).String()+state)
	}
	want := []string{"configmap/settings", "configmap/before", "thing/of-an-unknown-kind: unknown", "namespace/more"}
	if diff := cmp.Diff(want, got); diff != "" || len(crds) != 1 || crds[0].GetName() != "things.example.org" {
		t.Errorf("%s, and CRDs %v", diff, crds)
	}
}
