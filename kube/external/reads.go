package external

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Read is one thing that an ExternalSecret takes from its store, as its spec says it: what must exist there, and in which form.
type Read struct {
	Field    string   // where the spec says so, such as "spec.data[0]"
	Store    StoreRef // that it is taken from
	Name     string   // of the secret in the store
	Property string   // "" for the whole value
	All      bool     // every key of a JSON object
	Version  string   // as the spec writes it; "" for the current one
	Unjudged string   // why the spec alone does not tell what must exist; "" where it does
}

// ReadsOf are all reads of an ExternalSecret, in the order of its spec. Both API versions write them alike.
func ReadsOf(object map[string]any) []Read {
	usual := storeRefIn(object, StoreRef{}, "spec", "secretStoreRef")
	var out []Read
	data, _, _ := unstructured.NestedSlice(object, "spec", "data")
	for i, entry := range data {
		fields, _ := entry.(map[string]any)
		ref, _, _ := unstructured.NestedMap(fields, "remoteRef")
		r := refIn(ref, fmt.Sprintf("spec.data[%d]", i))
		r.Store = storeRefIn(fields, usual, "sourceRef", "storeRef")
		if generated(fields) {
			r.Unjudged = "it comes from a generator"
		}
		out = append(out, r)
	}
	from, _, _ := unstructured.NestedSlice(object, "spec", "dataFrom")
	for i, entry := range from {
		fields, _ := entry.(map[string]any)
		extract, found, _ := unstructured.NestedMap(fields, "extract")
		r := refIn(extract, fmt.Sprintf("spec.dataFrom[%d]", i))
		r.Store, r.All = storeRefIn(fields, usual, "sourceRef", "storeRef"), true
		switch {
		case generated(fields):
			r.Unjudged = "it comes from a generator"
		case !found:
			r.Unjudged = "it takes what a search finds"
		}
		out = append(out, r)
	}
	return out
}

func refIn(ref map[string]any, field string) Read {
	text := func(name string) string { s, _ := ref[name].(string); return s }
	r := Read{Field: field, Name: text("key"), Property: text("property"), Version: text("version")}
	if text("metadataPolicy") == "Fetch" {
		r.Unjudged = "it takes the secret's tags"
	}
	return r
}

// generated reports a value that no store holds.
func generated(fields map[string]any) bool {
	_, found, _ := unstructured.NestedMap(fields, "sourceRef", "generatorRef")
	return found
}

func storeRefIn(fields map[string]any, usual StoreRef, path ...string) StoreRef {
	ref, found, _ := unstructured.NestedMap(fields, path...)
	if !found {
		return usual
	}
	out := StoreRef{Kind: "SecretStore"}
	if kind, _ := ref["kind"].(string); kind != "" {
		out.Kind = kind
	}
	out.Name, _ = ref["name"].(string)
	return out
}

// VersionOf takes a version apart as the operator does for Secrets Manager: "uuid/<id>" is an id, everything else a stage
// (external-secrets, pkg/provider/aws/secretsmanager).
func (r Read) VersionOf() (id, stage string) {
	if id, ok := strings.CutPrefix(r.Version, "uuid/"); ok {
		return id, ""
	}
	return "", r.Version
}
