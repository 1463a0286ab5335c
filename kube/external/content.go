package external

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// Contents reads the objects of some kinds whole: those of a namespace, and those that are cluster-wide. One kind that may not be
// listed is an error, unless it is cluster-wide.
func (e *Objects) Contents(ctx context.Context, namespace string, wanted ...string) ([]map[string]any, error) {
	kinds, err := e.kinds(ctx, externalGroup)
	if err != nil {
		return nil, err
	}
	kinds = slices.DeleteFunc(kinds, func(k kind) bool { return !slices.Contains(wanted, k.name) })
	lists, err := parallel.Map(ctx, kinds, func(ctx context.Context, k kind) ([]map[string]any, error) { return e.contents(ctx, k, namespace) })
	return slices.Concat(lists...), err
}

func (e *Objects) contents(ctx context.Context, k kind, namespace string) ([]map[string]any, error) {
	var api dynamic.ResourceInterface = e.dynamic.Resource(k.GroupVersionResource)
	if k.namespaced {
		api = e.dynamic.Resource(k.GroupVersionResource).Namespace(namespace)
	}
	var out []map[string]any
	list := func(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
		return api.List(ctx, o)
	}
	err := pages.Each(ctx, list, metav1.ListOptions{}, func(object *unstructured.Unstructured) { out = append(out, object.Object) })
	switch {
	case err == nil:
		return out, nil
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err) && !k.namespaced:
		return nil, nil
	}
	return nil, hint.With(fmt.Errorf("list %s in namespace %s: %w", k.GroupResource(), namespace, err),
		"it needs the verb list on "+k.GroupResource().String()+" in namespace "+namespace)
}
