package plan

import "strings"

// Kinds of resources, as they begin their text.
const (
	AccessKey    = "access-key"
	Attachment   = "policy-attachment" // of the policy to a user or role; its name is "<user or role>/<policy>"
	ConfigMap    = "configmap"
	CRD          = "customresourcedefinition"
	CRDs         = "customresourcedefinitions" // those of a group as a whole; its name is the group
	HelmRelease  = "helm-release"
	IAMPolicy    = "iam-policy"
	IAMRole      = "iam-role"
	IAMUser      = "iam-user"
	KeyEntry     = "key-entry" // what a user's tags say of its keys; its name is the user's
	Lease        = "lease"
	Namespace    = "namespace"
	OIDCProvider = "oidc-provider"
	Secret       = "secret"
	Stored       = "secrets-manager" // a secret of AWS Secrets Manager

	ValidatingWebhook = "validatingwebhookconfiguration"
	MutatingWebhook   = "mutatingwebhookconfiguration"
)

// Resource names what a change is about. It is comparable, and nothing has to read its text to decide anything.
type Resource struct {
	Kind      string
	Namespace string // of an object in a namespace; else empty
	Name      string // an ARN where one is known, KnownAfterApply before the run made it; empty: the kind as a whole
}

// Of is a resource that is in no namespace.
func Of(kind, name string) Resource { return Resource{Kind: kind, Name: name} }

// In is an object in a namespace.
func In(kind, namespace, name string) Resource { return Resource{kind, namespace, name} }

// At is an object in a namespace, of which the two names are given as "namespace/name".
func At(kind, path string) Resource {
	namespace, name, _ := strings.Cut(path, "/")
	return In(kind, namespace, name)
}

// String is "kind/name", "kind/namespace/name" in a namespace, and "kind" alone for the kind as a whole.
func (r Resource) String() string {
	text := r.Kind
	if r.Namespace != "" {
		text += "/" + r.Namespace
	}
	if r.Name != "" {
		text += "/" + r.Name
	}
	return text
}

// MarshalText writes it as String does, which is its form in JSON.
func (r Resource) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text back, so that it is the same when written again. A namespace comes back as part of the name,
// since an ARN has slashes as well.
func (r *Resource) UnmarshalText(text []byte) error {
	kind, name, _ := strings.Cut(string(text), "/")
	*r = Of(kind, name)
	return nil
}
