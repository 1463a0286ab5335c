package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
)

// The API groups of External Secrets Operator. Generators make values and hold none.
const (
	externalGroup   = "external-secrets.io"
	generatorsGroup = "generators.external-secrets.io"
)

// ExternalSecrets reads the objects of External Secrets Operator in whatever version of its API the cluster serves.
type ExternalSecrets struct {
	client   *Client
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

// ExternalSecrets connects to the same cluster. It makes no call.
func (c *Client) ExternalSecrets() (*ExternalSecrets, error) {
	objects, err := dynamic.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", c.Context, err)
	}
	owned, err := metadata.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", c.Context, err)
	}
	return &ExternalSecrets{client: c, dynamic: objects, metadata: owned}, nil
}

// customKind is one kind of the operator's objects, in the version that the API server prefers.
type customKind struct {
	schema.GroupVersionResource

	kind       string
	namespaced bool
}

// kinds asks what is served; nothing is no error.
func (e *ExternalSecrets) kinds(ctx context.Context, group string) ([]customKind, error) {
	var served metav1.APIGroup
	if err := e.discover(ctx, "/apis/"+group, &served); err != nil {
		return nil, err
	}
	lists, err := inParallel(ctx, served.Versions, func(ctx context.Context, v metav1.GroupVersionForDiscovery) (metav1.APIResourceList, error) {
		var list metav1.APIResourceList
		return list, e.discover(ctx, "/apis/"+v.GroupVersion, &list)
	})
	return newestKinds(served, lists), err
}

func (e *ExternalSecrets) discover(ctx context.Context, path string, into any) error {
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
func newestKinds(served metav1.APIGroup, lists []metav1.APIResourceList) []customKind {
	var out []customKind
	for i, list := range lists {
		for _, r := range list.APIResources {
			known := slices.ContainsFunc(out, func(k customKind) bool { return k.kind == r.Kind })
			if known || strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
				continue
			}
			gvr := schema.GroupVersionResource{Group: served.Name, Version: served.Versions[i].Version, Resource: r.Name}
			out = append(out, customKind{GroupVersionResource: gvr, kind: r.Kind, namespaced: r.Namespaced})
		}
	}
	return out
}

// Found are the objects that a look brought to light, and what could not be looked at.
type Found struct {
	Objects []CustomObject
	Unread  []Unread
}

// Unread is a kind that could not be listed.
type Unread struct {
	Err         error // with a hint
	ClusterWide bool  // the kind is
}

// List reads the operator's objects of one namespace with the cluster-wide ones, or of all namespaces when it is
// empty. What may not be read does not keep the rest from being found.
func (e *ExternalSecrets) List(ctx context.Context, namespace string) (Found, error) {
	return e.list(ctx, namespace, externalGroup)
}

// ListAll is List for every kind in all namespaces, generators included: what deleting the CRDs would delete.
func (e *ExternalSecrets) ListAll(ctx context.Context) (Found, error) {
	found, err := e.list(ctx, "", externalGroup)
	if err != nil {
		return found, err
	}
	generators, err := e.list(ctx, "", generatorsGroup)
	found.Objects = append(found.Objects, generators.Objects...)
	found.Unread = append(found.Unread, generators.Unread...)
	return found, err
}

func (e *ExternalSecrets) list(ctx context.Context, namespace, group string) (Found, error) {
	kinds, err := e.kinds(ctx, group)
	if err != nil {
		return Found{}, err
	}
	parts, err := inParallel(ctx, kinds, func(ctx context.Context, k customKind) (Found, error) {
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
func (e *ExternalSecrets) listKind(ctx context.Context, k customKind, namespace string) (Found, error) {
	var api dynamic.ResourceInterface = e.dynamic.Resource(k.GroupVersionResource)
	where := "all namespaces"
	if k.namespaced && namespace != "" {
		api, where = e.dynamic.Resource(k.GroupVersionResource).Namespace(namespace), "namespace "+namespace
	}
	var out Found
	err := eachItem(ctx, func(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
		return api.List(ctx, o)
	},
		func(item runtime.Object) {
			if object, ok := item.(*unstructured.Unstructured); ok {
				out.Objects = append(out.Objects, customObject(k, object))
			}
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
