// Package inventory lists what is in a namespace, of whatever kind, so that one which somebody uses is not deleted.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// ErrUnknown means that not everything in the namespace can be seen: a kind may not be listed, or the server of an API
// group does not answer. Whoever wanted to delete the namespace leaves it: its deletion would take what nobody saw, and
// in the second case not even end (https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/).
var ErrUnknown = errors.New("what it holds cannot be told")

// parallelLists bounds what one look asks of the API server at once.
const parallelLists = 24

// Ignored tells what does not count, by its resource, such as "configmaps", and its metadata.
type Ignored func(resource string, object *metav1.PartialObjectMetadata) bool

// Namespace is one namespace with the kinds that can be in it.
type Namespace struct {
	name  string
	api   metadata.Interface
	kinds []schema.GroupVersionResource
}

// Of asks the API server which kinds there are. It returns ErrUnknown, and what keeps the server from answering.
func Of(config *rest.Config, name string) (*Namespace, error) {
	api, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("list what is in namespace %s: %w", name, err)
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("list what is in namespace %s: %w", name, err)
	}
	lists, err := discovery.ServerPreferredNamespacedResources(client)
	if discovery.IsGroupDiscoveryFailedError(err) {
		err = fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if err != nil {
		return nil, fmt.Errorf("discover what can be in namespace %s: %w", name, err)
	}
	kinds, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists))
	if err != nil {
		return nil, fmt.Errorf("discover what can be in namespace %s: %w", name, err)
	}
	n := &Namespace{name: name, api: api}
	for gvr := range kinds {
		if gvr.Resource != "events" {
			n.kinds = append(n.kinds, gvr)
		}
	}
	return n, nil
}

// List names what is in the namespace as "resource/name", sorted, apart from what every namespace has, events, and what
// is ignored. Only metadata is read. It returns ErrUnknown, and what else the API server refuses.
func (n *Namespace) List(ctx context.Context, ignored Ignored) ([]string, error) {
	parts := make([][]string, len(n.kinds))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelLists)
	for i, gvr := range n.kinds {
		group.Go(func() (err error) {
			parts[i], err = n.list(ctx, gvr, ignored)
			return err
		})
	}
	err := group.Wait()
	out := slices.Concat(parts...)
	slices.Sort(out)
	return out, err
}

func (n *Namespace) list(ctx context.Context, gvr schema.GroupVersionResource, ignored Ignored) ([]string, error) {
	list, err := n.api.Resource(gvr).Namespace(n.name).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err):
		return nil, nil
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("list %s in namespace %s: %w: %w", gvr.GroupResource(), n.name, ErrUnknown, err)
	case err != nil:
		return nil, fmt.Errorf("list %s in namespace %s: %w", gvr.GroupResource(), n.name, err)
	}
	var out []string
	for i := range list.Items {
		name := gvr.Resource + "/" + list.Items[i].Name
		if name != "configmaps/kube-root-ca.crt" && name != "serviceaccounts/default" && !ignored(gvr.Resource, &list.Items[i]) {
			out = append(out, name)
		}
	}
	return out, nil
}
