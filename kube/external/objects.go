// Package external owns the objects of External Secrets Operator: stores, ExternalSecrets and the like, in whatever version of its
// API the cluster serves, the Secrets that they own, and what the operator says of them. It knows nothing of the operator's
// release, nor of AWS.
package external

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// The API groups of the operator. Generators make values and hold none.
const (
	externalGroup   = "external-secrets.io"
	generatorsGroup = "generators.external-secrets.io"
)

// Objects reads the operator's objects and frees them of its finalizers.
type Objects struct {
	client   *kube.Client
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

// In connects to the client's cluster. It makes no call.
func In(c *kube.Client) (*Objects, error) {
	objects, err := dynamic.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", c.Context, err)
	}
	owned, err := metadata.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", c.Context, err)
	}
	return &Objects{client: c, dynamic: objects, metadata: owned}, nil
}

// kind is one kind of the operator's objects, in the version that the API server prefers.
type kind struct {
	schema.GroupVersionResource

	name       string
	namespaced bool
}

// kinds asks what is served; nothing is no error.
func (e *Objects) kinds(ctx context.Context, group string) ([]kind, error) {
	served, lists, err := e.versions(ctx, group)
	return newestKinds(served, lists), err
}

// versions returns which versions of an API group are served, and what each has, in the same order.
func (e *Objects) versions(ctx context.Context, group string) (served metav1.APIGroup, lists []metav1.APIResourceList, err error) {
	if err := e.discover(ctx, "/apis/"+group, &served); err != nil {
		return served, nil, err
	}
	lists, err = parallel.Map(ctx, served.Versions, func(ctx context.Context, v metav1.GroupVersionForDiscovery) (metav1.APIResourceList, error) {
		var list metav1.APIResourceList
		return list, e.discover(ctx, "/apis/"+v.GroupVersion, &list)
	})
	return served, lists, err
}

func (e *Objects) discover(ctx context.Context, path string, into any) error {
	body, err := rawget.Do(ctx, e.client.Discovery().RESTClient().Get().AbsPath(path))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return fmt.Errorf("discover API %s: %w", strings.TrimPrefix(path, "/apis/"), err)
	}
	return nil
}

// newestKinds takes each kind from the first version that serves it: the API server lists the preferred one first.
func newestKinds(served metav1.APIGroup, lists []metav1.APIResourceList) []kind {
	var out []kind
	for i, list := range lists {
		for _, r := range list.APIResources {
			known := slices.ContainsFunc(out, func(k kind) bool { return k.name == r.Kind })
			if known || strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
				continue
			}
			gvr := schema.GroupVersionResource{Group: served.Name, Version: served.Versions[i].Version, Resource: r.Name}
			out = append(out, kind{GroupVersionResource: gvr, name: r.Kind, namespaced: r.Namespaced})
		}
	}
	return out
}

// Found are the objects that a look found, and what could not be looked at.
type Found struct {
	Objects []Object
	Unread  []Unread
}

// Unread is a kind that could not be listed.
type Unread struct {
	Err         error // with a hint
	ClusterWide bool  // the kind is
}

// List reads the operator's objects of one namespace with the cluster-wide ones, or of all namespaces when it is
// empty. What may not be read does not keep the rest from being found.
func (e *Objects) List(ctx context.Context, namespace string) (Found, error) {
	return e.list(ctx, namespace, externalGroup)
}

// ListAll is List for every kind in all namespaces, generators included: what deleting the CRDs would delete.
func (e *Objects) ListAll(ctx context.Context) (Found, error) {
	found, err := e.list(ctx, "", externalGroup)
	if err != nil {
		return found, err
	}
	generators, err := e.list(ctx, "", generatorsGroup)
	found.Objects = append(found.Objects, generators.Objects...)
	found.Unread = append(found.Unread, generators.Unread...)
	return found, err
}

func (e *Objects) list(ctx context.Context, namespace, group string) (Found, error) {
	kinds, err := e.kinds(ctx, group)
	if err != nil {
		return Found{}, err
	}
	parts, err := parallel.Map(ctx, kinds, func(ctx context.Context, k kind) (Found, error) {
		return e.listKind(ctx, k, namespace)
	})
	var out Found
	for _, part := range parts {
		out.Objects = append(out.Objects, part.Objects...)
		out.Unread = append(out.Unread, part.Unread...)
	}
	return out, err
}

// listKind reads one kind. A refusal is part of the answer; only a context that ended is an error.
func (e *Objects) listKind(ctx context.Context, k kind, namespace string) (Found, error) {
	var api dynamic.ResourceInterface = e.dynamic.Resource(k.GroupVersionResource)
	where := "all namespaces"
	if k.namespaced && namespace != "" {
		api, where = e.dynamic.Resource(k.GroupVersionResource).Namespace(namespace), "namespace "+namespace
	}
	var out Found
	list := func(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
		return api.List(ctx, o)
	}
	err := pages.Each(ctx, list, metav1.ListOptions{}, func(object *unstructured.Unstructured) {
		out.Objects = append(out.Objects, objectOf(k, object))
	})
	switch {
	case err == nil:
		return out, nil
	case apierrors.IsNotFound(err): // its CRD is going
		return Found{}, nil
	case ctx.Err() != nil:
		return Found{}, fmt.Errorf("list %s: %w", k.Resource, context.Cause(ctx))
	default:
		err = fmt.Errorf("list %s in %s: %w", k.GroupResource(), where, err)
		err = hint.With(err, "it needs the verb list on "+k.GroupResource().String()+" in "+where)
		return Found{Unread: []Unread{{Err: err, ClusterWide: !k.namespaced}}}, nil
	}
}
