// Package gen3 knows what a gen3 deployment reads from Secrets Manager, by its objects: who writes each Secret of Kubernetes, who
// reads it and what breaks without it, and thereby what must be in Secrets Manager. Nothing is listed by name here; it is all read
// off the objects, rendered or live. It knows neither AWS nor a cluster, and its functions are pure.
package gen3

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is one object of a deployment.
type Object struct {
	Source  string // the template that it comes from, or "" of a live one
	Content map[string]any
}

// Kind is the object's kind.
func (o Object) Kind() string { return o.text("kind") }

// Name is the object's name.
func (o Object) Name() string { return o.text("metadata", "name") }

// Ref is "Kind name".
func (o Object) Ref() string { return o.Kind() + " " + o.Name() }

// external reports whether the object is one of External Secrets Operator.
func (o Object) external() bool {
	return strings.HasPrefix(o.text("apiVersion"), "external-secrets.io/")
}

func (o Object) text(path ...string) string {
	s, _, _ := unstructured.NestedString(o.Content, path...)
	return s
}

// in is the value at a path, nil where there is none.
func in(content map[string]any, path ...string) any {
	v, _, _ := unstructured.NestedFieldNoCopy(content, path...)
	return v
}

func maps(list any) []map[string]any {
	items, _ := list.([]any)
	var out []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func mapping(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Inventory is what the objects of a deployment say of its secrets.
type Inventory struct {
	Requirements []Requirement // by name
	Writers      []Writer      // of Secrets of Kubernetes
	Readers      []Reader      // of Secrets of Kubernetes
	Stores       []Store
	Reads        []Read // what the operator reads
	Pushes       []Push // what it writes
	Unjudged     []string
}

// Take reads the inventory off the objects.
func Take(objects []Object) Inventory {
	var out Inventory
	for _, o := range objects {
		switch {
		case o.Kind() == "ExternalSecret" && o.external():
			out.addExternalSecret(o)
		case (o.Kind() == "SecretStore" || o.Kind() == "ClusterSecretStore") && o.external():
			out.addStore(o)
		case o.Kind() == "PushSecret" && o.external():
			out.addPush(o)
		default:
			out.Writers = append(out.Writers, writersIn(o)...)
			out.Readers = append(out.Readers, readersIn(o)...)
		}
	}
	slices.SortStableFunc(out.Readers, func(a, b Reader) int {
		return cmp.Or(strings.Compare(a.Secret, b.Secret), cmp.Compare(a.Severity(), b.Severity()), strings.Compare(a.By, b.By), strings.Compare(a.Key, b.Key))
	})
	out.Requirements = requirements(out)
	return out
}

func (i *Inventory) unjudged(o Object, what string) {
	i.Unjudged = append(i.Unjudged, fmt.Sprintf("%s uses %s, which cannot be judged", o.Ref(), what))
}

// ReadersOf are those who read a Secret of Kubernetes, the gravest first.
func (i Inventory) ReadersOf(secret string) []Reader {
	return slices.DeleteFunc(slices.Clone(i.Readers), func(r Reader) bool { return r.Secret != secret })
}

// WritersOf are those who write a Secret of Kubernetes.
func (i Inventory) WritersOf(secret string) []Writer {
	return slices.DeleteFunc(slices.Clone(i.Writers), func(w Writer) bool { return w.Secret != secret })
}
