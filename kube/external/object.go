package external

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is what matters of one object of External Secrets Operator, whatever its kind and version.
type Object struct {
	Kind      string
	Namespace string // empty for cluster-wide kinds
	Name      string
	Ready     string // status of its condition Ready: True, False or Unknown; "" when the operator has said nothing
	Reason    string
	Message   string
	Refreshed string     // when the operator last read or pushed for it, as it says so itself; "" never
	Once      bool       // an ExternalSecret that is read once and then never again
	Stores    []StoreRef // that it reads from or pushes to
	// Secrets and Accounts are what a store signs in with, each as "namespace/name".
	Secrets  []string
	Accounts []string

	Reads  []Read // of an ExternalSecret
	Wiring Wiring // of a store

	in         kind
	finalizers []string
}

// StoreRef names a store.
type StoreRef struct {
	Kind string // SecretStore or ClusterSecretStore
	Name string
}

// Ref is "Kind namespace/name", or "Kind name" for what is cluster-wide.
func (o Object) Ref() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// IsStore reports whether the object is a SecretStore or ClusterSecretStore.
func (o Object) IsStore() bool {
	return o.Kind == "SecretStore" || o.Kind == "ClusterSecretStore"
}

func objectOf(k kind, u *unstructured.Unstructured) Object {
	o := Object{Kind: k.name, Namespace: u.GetNamespace(), Name: u.GetName(), in: k, finalizers: u.GetFinalizers()}
	o.readCondition(u.Object)
	o.Refreshed, _, _ = unstructured.NestedString(u.Object, "status", "refreshTime")
	policy, _, _ := unstructured.NestedString(u.Object, "spec", "refreshPolicy")
	o.Once = policy == "CreatedOnce"
	o.readSignIn(u.Object)
	o.readStores(u.Object)
	if o.IsStore() {
		o.Wiring = wiringOf(o, u.Object)
	} else if o.Kind == "ExternalSecret" {
		o.Reads = ReadsOf(u.Object)
	}
	return o
}

func (o *Object) readCondition(object map[string]any) {
	conditions, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, c := range conditions {
		fields, _ := c.(map[string]any)
		if fields["type"] == "Ready" {
			o.Ready, _ = fields["status"].(string)
			o.Reason, _ = fields["reason"].(string)
			o.Message, _ = fields["message"].(string)
		}
	}
}

// readSignIn finds what a store of AWS signs in with; a cluster-wide store names the namespace itself.
func (o *Object) readSignIn(object map[string]any) {
	auth, _, _ := unstructured.NestedMap(object, "spec", "provider", "aws", "auth")
	add := func(to *[]string, fields ...string) {
		ref, found, _ := unstructured.NestedMap(auth, fields...)
		name, _ := ref["name"].(string)
		namespace := o.Namespace
		if other, _ := ref["namespace"].(string); other != "" {
			namespace = other
		}
		if key := namespace + "/" + name; found && name != "" && !slices.Contains(*to, key) {
			*to = append(*to, key)
		}
	}
	add(&o.Secrets, "secretRef", "accessKeyIDSecretRef")
	add(&o.Secrets, "secretRef", "secretAccessKeySecretRef")
	add(&o.Accounts, "jwt", "serviceAccountRef")
}

// storeFields are where the kinds name their stores (apis/externalsecrets of external-secrets): one for all, one for
// an entry, those of a PushSecret, and those of a ClusterExternalSecret's template.
func storeFields() []string {
	return []string{"secretStoreRef", "secretStoreRefs", "storeRef"}
}

// readStores walks the spec, since the references stand at several depths.
func (o *Object) readStores(object map[string]any) {
	if o.IsStore() {
		return
	}
	var walk func(value any, field string)
	walk = func(value any, field string) {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				walk(item, field)
			}
		case map[string]any:
			if slices.Contains(storeFields(), field) {
				o.addStore(v)
				return
			}
			for name, inner := range v {
				walk(inner, name)
			}
		}
	}
	walk(object["spec"], "")
	slices.SortFunc(o.Stores, func(a, b StoreRef) int { return strings.Compare(a.Kind+"/"+a.Name, b.Kind+"/"+b.Name) })
}

// addStore adds a reference; one by labels is "*", as it may mean any store of its kind.
func (o *Object) addStore(fields map[string]any) {
	ref := StoreRef{Kind: "SecretStore", Name: "*"}
	if kind, _ := fields["kind"].(string); kind != "" {
		ref.Kind = kind
	}
	if name, _ := fields["name"].(string); name != "" {
		ref.Name = name
	}
	if !slices.Contains(o.Stores, ref) {
		o.Stores = append(o.Stores, ref)
	}
}

// Uses reports whether the object reads from or pushes to the store.
func (o Object) Uses(store Object) bool {
	if store.Kind == "SecretStore" && o.Namespace != store.Namespace && o.Namespace != "" {
		return false
	}
	return slices.ContainsFunc(o.Stores, func(r StoreRef) bool {
		return r.Kind == store.Kind && (r.Name == store.Name || r.Name == "*")
	})
}

// isOperatorsFinalizer reports whether External Secrets Operator serves a finalizer: its versions spell the domain in
// both ways, as in pushsecret.externalsecrets.io/finalizer.
func isOperatorsFinalizer(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	for _, own := range []string{"external-secrets.io", "externalsecrets.io"} {
		if domain == own || strings.HasSuffix(domain, "."+own) {
			return true
		}
	}
	return false
}

// ForeignFinalizers are those that somebody else than the operator has to serve before the object can go.
func (o Object) ForeignFinalizers() []string {
	return slices.DeleteFunc(slices.Clone(o.finalizers), isOperatorsFinalizer)
}

// OperatorsFinalizers are those that hold the object until the operator serves them.
func (o Object) OperatorsFinalizers() []string {
	return slices.DeleteFunc(slices.Clone(o.finalizers), func(f string) bool { return !isOperatorsFinalizer(f) })
}
