package kubeproxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/kubernetes/scheme"
)

// Call is one request to the API server, named so that the name does not depend on what else runs at the same time.
type Call struct {
	Verb     string // get, list, watch, create, update, patch, delete, deletecollection; raw for other paths
	Resource string // plural, with its subresource: secrets, serviceaccounts/token
	Object   string // "namespace/name"; for a list the namespace
	N        int    // occurrence of this verb, resource and object, from 1
	Write    bool   // persists something: not a dry run, an access review or a token
}

// Name is the call's stable name, such as "kube:create secrets default/gen3-aws-config #1".
func (c Call) Name() string {
	return fmt.Sprintf("kube:%s %s %s #%d", c.Verb, c.Resource, c.Object, c.N)
}

// callOf reads a request's path as the API server does: /api/v1 or /apis/<group>/<version>, then
// [namespaces/<namespace>/]<resource>[/<name>[/<subresource>]].
func callOf(r *http.Request, body []byte) Call {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return Call{Verb: "raw", Resource: r.URL.Path}
	}
	namespace := ""
	if parts[0] == "namespaces" && len(parts) >= 3 {
		namespace, parts = parts[1], parts[2:]
	}
	c := Call{Resource: parts[0]}
	name := ""
	if len(parts) > 1 {
		name = parts[1]
	}
	if len(parts) > 2 {
		c.Resource += "/" + parts[2]
	}
	c.Verb = verbOf(r, name)
	if c.Verb == "create" && name == "" {
		name = nameIn(body)
	}
	c.Object = strings.Trim(namespace+"/"+name, "/")
	dry := r.URL.Query().Get("dryRun") != ""
	if dry {
		c.Verb += " (dry run)"
	}
	c.Write = !dry && r.Method != http.MethodGet &&
		!strings.HasSuffix(c.Resource, "reviews") && c.Resource != "serviceaccounts/token"
	return c
}

func verbOf(r *http.Request, name string) string {
	switch r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if name == "" {
			return "deletecollection"
		}
		return "delete"
	}
	if r.URL.Query().Get("watch") != "" {
		return "watch"
	}
	if name == "" {
		return "list"
	}
	return "get"
}

// nameIn reads the name of the object that a request would create. client-go's typed clients send protobuf, others JSON.
func nameIn(body []byte) string {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nameInJSON(body)
	}
	if review, ok := object.(*authorizationv1.SelfSubjectAccessReview); ok && review.Spec.ResourceAttributes != nil {
		a := review.Spec.ResourceAttributes
		return strings.Join([]string{a.Verb, a.Group, a.Resource, a.Namespace, a.Name}, " ")
	}
	access, err := meta.Accessor(object)
	if err != nil {
		return "?"
	}
	return access.GetName()
}

// nameInJSON is for kinds that client-go does not know, such as custom resources.
func nameInJSON(body []byte) string {
	var object struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if json.Unmarshal(body, &object) != nil || object.Metadata.Name == "" {
		return "?"
	}
	return object.Metadata.Name
}
