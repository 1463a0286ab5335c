package external

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Wiring is what a store says of how it reaches AWS.
type Wiring struct {
	AWS     bool // it is a store of AWS at all
	Service string
	Region  string
	Role    string // that is taken besides
	// KeyID and KeySecret are where the halves of an access key are, Account is the ServiceAccount whose tokens are exchanged; each
	// zero where the store does not sign in that way.
	KeyID, KeySecret Selector
	Account          Selector
	Session          bool // a session token belongs to the key
}

// Selector is an entry of a Secret, or an object where it has no Key.
type Selector struct{ Namespace, Name, Key string }

func wiringOf(o Object, object map[string]any) Wiring {
	aws, found, _ := unstructured.NestedMap(object, "spec", "provider", "aws")
	text := func(name string) string { s, _ := aws[name].(string); return s }
	w := Wiring{AWS: found, Service: text("service"), Region: text("region"), Role: text("role")}
	at := func(path ...string) Selector {
		ref, found, _ := unstructured.NestedMap(aws, append([]string{"auth"}, path...)...)
		if !found {
			return Selector{}
		}
		field := func(name string) string { s, _ := ref[name].(string); return s }
		out := Selector{Namespace: o.Namespace, Name: field("name"), Key: field("key")}
		if o.Namespace == "" { // only a store of the whole cluster may name a namespace
			out.Namespace = cmp.Or(field("namespace"), out.Namespace)
		}
		return out
	}
	w.KeyID, w.KeySecret = at("secretRef", "accessKeyIDSecretRef"), at("secretRef", "secretAccessKeySecretRef")
	w.Account = at("jwt", "serviceAccountRef")
	w.Session = at("secretRef", "sessionTokenSecretRef") != Selector{}
	return w
}
