package stored

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Documents splits a stored or rendered manifest. Parsing all of it would take longer than all else of a run that
// changes nothing, since the CRDs are a megabyte; so it is split and searched as text first.
func Documents(manifest string) []string {
	var out []string
	for doc := range strings.SplitSeq("\n"+manifest, "\n---") {
		if strings.TrimSpace(doc) != "" {
			out = append(out, doc)
		}
	}
	return out
}

// OfKind reports whether a document is, at its top level, of that kind.
func OfKind(doc, kind string) bool {
	for _, form := range []string{kind, `"` + kind + `"`, "'" + kind + "'"} {
		if strings.Contains(doc, "\nkind: "+form+"\n") || strings.HasSuffix(doc, "\nkind: "+form) {
			return true
		}
	}
	return false
}

// Object is a namespace and a name.
type Object struct{ Namespace, Name string }

// String is namespace/name, or the name alone.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// maxObject is how large the text of one object is taken to be; the API server takes none of more. maxObjects bounds how
// many of a stored manifest are looked at, which anybody may have written.
const (
	maxObject  = 2 << 20
	maxObjects = 1000
)

// Head is what names an object in a manifest.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// GroupKind is what kind of object it names.
func (h Head) GroupKind() schema.GroupKind {
	group, _, found := strings.Cut(h.APIVersion, "/")
	if !found {
		group = ""
	}
	return schema.GroupKind{Group: group, Kind: h.Kind}
}

// Heads lists what a manifest names, apart from CRDs; never nil.
func Heads(manifest string) []Head {
	out := []Head{}
	for _, doc := range Documents(manifest) {
		var h Head
		if len(out) == maxObjects || len(doc) > maxObject || OfKind(doc, CRDKind) || yaml.Unmarshal([]byte(doc), &h) != nil || h.Kind == "" {
			continue
		}
		out = append(out, h)
	}
	return out
}

// Deployments lists the Deployments of a manifest; those without a namespace are in the release's.
func Deployments(manifest, namespace string) []Object {
	var out []Object
	for _, doc := range Documents(manifest) {
		if len(out) == maxObjects || len(doc) > maxObject || !OfKind(doc, "Deployment") {
			continue
		}
		var head struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
		}
		if yaml.Unmarshal([]byte(doc), &head) != nil || head.Metadata.Name == "" {
			continue // Helm itself could not have applied it
		}
		if head.Metadata.Namespace == "" {
			head.Metadata.Namespace = namespace
		}
		out = append(out, Object{head.Metadata.Namespace, head.Metadata.Name})
	}
	return out
}

// DefinesWithoutConversion reports whether a manifest has that CRD, and has it without a conversion.
func DefinesWithoutConversion(manifest, name string) bool {
	for _, doc := range Documents(manifest) {
		if len(doc) > maxObject || !OfKind(doc, CRDKind) {
			continue
		}
		var crd struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
			Spec     struct {
				Conversion any `json:"conversion"`
			} `json:"spec"`
		}
		if yaml.Unmarshal([]byte(doc), &crd) == nil && crd.Metadata.Name == name {
			return crd.Spec.Conversion == nil
		}
	}
	return false
}

// CRDVersions reads a rendered document that defines a CRD; "" where it is none.
func CRDVersions(doc string) (name string, versions []string) {
	if !OfKind(doc, CRDKind) {
		return "", nil
	}
	var crd struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     struct {
			Versions []struct {
				Name string `json:"name"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if yaml.Unmarshal([]byte(doc), &crd) != nil {
		return "", nil
	}
	for _, v := range crd.Spec.Versions {
		versions = append(versions, v.Name)
	}
	return crd.Metadata.Name, versions
}
