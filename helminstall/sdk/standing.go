package sdk

import (
	"encoding/json"
	"net/http"

	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// Standing is an object that stands where one of a chart's goes.
type Standing struct {
	Kind       string
	Name       string // kind/name or kind/namespace/name, as in a plan
	Namespaced bool
	Owner      owner.Owner

	// Of a CRD:
	CRD            string   // its name
	StoredVersions []string // in which objects may lie in etcd
	Versions       []string // that the chart's has
}

// live is what matters of an object that was read ahead; nil if it does not exist.
type live struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Conversion map[string]any `json:"conversion"` // of a CRD
	} `json:"spec"`
	Status struct {
		StoredVersions []string `json:"storedVersions"` // of a CRD
	} `json:"status"`
}

func (r *readAhead) live(info *resource.Info) *live {
	a := r.lookup(address(info))
	if a == nil || a.status != http.StatusOK {
		return nil
	}
	obj := &live{}
	if json.Unmarshal(a.body, obj) != nil {
		return nil
	}
	return obj
}

// standings are those of a list that were read ahead and exist.
func (r *readAhead) standings(list kube.ResourceList) []Standing {
	var out []Standing
	for _, info := range list {
		live := r.live(info)
		if live == nil {
			continue
		}
		o := Standing{Kind: info.Mapping.GroupVersionKind.Kind, Name: named(info), Namespaced: info.Namespaced(), Owner: owner.Of(live.Metadata)}
		if o.Kind == stored.CRDKind {
			o.CRD, o.StoredVersions, o.Versions = info.Name, live.Status.StoredVersions, versionsIn(info.Object)
		}
		out = append(out, o)
	}
	return out
}

func versionsIn(obj runtime.Object) []string {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	list, _, _ := unstructured.NestedSlice(u.Object, "spec", "versions")
	var out []string
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			name, _ := m["name"].(string)
			out = append(out, name)
		}
	}
	return out
}
