package helminstall

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// namespacedKinds asks discovery what can be in a namespace at all.
func (s *Step) namespacedKinds() ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(s.Client.Discovery())
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, err
	}
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists)
	gvrs, err := discovery.GroupVersionResources(lists)
	if err != nil {
		return nil, err
	}
	var out []schema.GroupVersionResource
	for gvr := range gvrs {
		if gvr.Resource != "events" && gvr.Resource != "leases" {
			out = append(out, gvr)
		}
	}
	return out, nil
}

// contents names what is in the namespace, but for what every namespace has.
func (s *Step) contents(ctx context.Context, kinds []schema.GroupVersionResource) ([]string, error) {
	var mu sync.Mutex
	var out []string
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for _, gvr := range kinds {
		group.Go(func() error {
			found, err := s.namesOf(ctx, gvr)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, found...)
			return err
		})
	}
	err := group.Wait()
	slices.Sort(out)
	return out, err
}

func (s *Step) namesOf(ctx context.Context, gvr schema.GroupVersionResource) ([]string, error) {
	root := "/apis/" + gvr.Group
	if gvr.Group == "" {
		root = "/api"
	}
	body, err := s.getMetadata(ctx, strings.Join([]string{root, gvr.Version, "namespaces", s.Namespace, gvr.Resource}, "/"))
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	var out []string
	for _, item := range list.Items {
		if n := gvr.Resource + "/" + item.Name; n != "configmaps/kube-root-ca.crt" && n != "serviceaccounts/default" {
			out = append(out, n)
		}
	}
	return out, nil
}
