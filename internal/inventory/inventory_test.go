package inventory_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
)

// answers are what an API server says to who looks into the namespace gen3.
func answers() map[string]string {
	kind := func(name string) string {
		return `{"name":"` + name + `","namespaced":true,"kind":"X","verbs":["list","delete"]}`
	}
	items := func(names ...string) string {
		out := make([]string, 0, len(names))
		for _, n := range names {
			out = append(out, `{"metadata":{"name":"`+n+`"}}`)
		}
		return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[` + strings.Join(out, ",") + `]}`
	}
	return map[string]string{
		"/api":  `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"x.io","versions":[{"groupVersion":"x.io/v1","version":"v1"}],"preferredVersion":{"groupVersion":"x.io/v1","version":"v1"}}]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[` + kind("configmaps") + "," + kind("secrets") + "," + kind("events") +
			`,{"name":"bindings","namespaced":true,"kind":"B","verbs":["create"]}]}`,
		"/apis/x.io/v1":                         `{"kind":"APIResourceList","groupVersion":"x.io/v1","resources":[` + kind("gadgets") + `]}`,
		"/api/v1/namespaces/gen3/configmaps":    items("kube-root-ca.crt", "b", "mine"),
		"/api/v1/namespaces/gen3/secrets":       items("a"),
		"/apis/x.io/v1/namespaces/gen3/gadgets": items("g"),
	}
}

func list(t *testing.T, said map[string]string) ([]string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch text := said[r.URL.Path]; text {
		case "forbidden":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`))
		case "":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	t.Cleanup(server.Close)
	in, err := inventory.Of(&rest.Config{Host: server.URL}, "gen3")
	if err != nil {
		return nil, err
	}
	return in.List(t.Context(), func(resource string, o *metav1.PartialObjectMetadata) bool {
		return resource == "configmaps" && o.Name == "mine"
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	got, err := list(t, answers())
	if err != nil || !slices.Equal(got, []string{"configmaps/b", "gadgets/g", "secrets/a"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestUnknown: a namespace of which a part cannot be seen is not called empty.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]string){
		"a kind that may not be listed": func(m map[string]string) { m["/api/v1/namespaces/gen3/secrets"] = "forbidden" },
		"a group that does not answer":  func(m map[string]string) { delete(m, "/apis/x.io/v1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := answers()
			change(said)
			if got, err := list(t, said); !errors.Is(err, inventory.ErrUnknown) || !strings.Contains(err.Error(), "namespace gen3") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
