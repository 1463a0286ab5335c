package kube

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// Contents names what is in a namespace, as "resource/name", apart from what every namespace has, events, and our
// record and Lease. Only metadata is read.
func (c *Client) Contents(ctx context.Context, namespace string) ([]string, error) {
	kinds, err := c.namespacedKinds()
	if err != nil {
		return nil, fmt.Errorf("discover what can be in namespace %s: %w", namespace, err)
	}
	api, err := metadata.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", c.Context, err)
	}
	parts, err := inParallel(ctx, kinds, func(ctx context.Context, gvr schema.GroupVersionResource) ([]string, error) {
		list, err := api.Resource(gvr).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list %s in namespace %s: %w", gvr.GroupResource(), namespace, err)
		}
		return ownContents(gvr.Resource, list.Items), nil
	})
	out := slices.Concat(parts...)
	slices.Sort(out)
	return out, err
}

// namespacedKinds are the kinds that can be listed and deleted. A group whose server does not answer holds nothing that
// could be seen.
func (c *Client) namespacedKinds() ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(c.Discovery())
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, err // Contents wraps
	}
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists)
	gvrs, err := discovery.GroupVersionResources(lists)
	if err != nil {
		return nil, err // Contents wraps
	}
	var out []schema.GroupVersionResource
	for gvr := range gvrs {
		if gvr.Resource != "events" {
			out = append(out, gvr)
		}
	}
	return out, nil
}

func ownContents(resource string, items []metav1.PartialObjectMetadata) []string {
	var out []string
	for _, item := range items {
		name := resource + "/" + item.Name
		ours := item.Labels[ManagedByLabel] == ManagedBy
		switch name {
		case "configmaps/kube-root-ca.crt", "serviceaccounts/default":
			continue
		case "configmaps/" + RecordName, "leases/" + RecordName:
			if ours {
				continue
			}
		}
		out = append(out, name)
	}
	return out
}
