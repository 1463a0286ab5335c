package helminstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"

	"encoding/json"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// settleTimeout is how long pods and ReplicaSets of an uninstalled release may take to go before their namespace counts
// as used.
const settleTimeout = pollInterval * 4 * 60

// deleteNamespace deletes the release's namespace if we made it and nothing is left in it; the release's own pods are
// waited for.
func (s *Step) deleteNamespace(ctx context.Context, sink event.Sink) error {
	if !s.seen.NamespaceOurs || s.seen.NamespaceTerminating || s.seen.Release != nil && !s.seen.Release.Ours() {
		return nil
	}
	left, err := s.emptied(ctx, sink)
	if err != nil {
		return fmt.Errorf("look what is left in Namespace %s: %w", s.Namespace, err)
	}
	if len(left) > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is left: it holds %s", s.Namespace, few(left)))
		return nil
	}
	err = s.Client.CoreV1().Namespaces().Delete(ctx, s.Namespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete Namespace %s: %w", s.Namespace, err)
	}
	c := plan.Change{Step: name, Resource: "namespace/" + s.Namespace, Action: plan.Delete, Reason: "made by this program, and empty"}
	s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	return nil
}

// emptied waits until nothing is left, and returns what did not go.
func (s *Step) emptied(ctx context.Context, sink event.Sink) (left []string, err error) {
	kinds, err := s.namespacedKinds()
	if err != nil {
		return nil, err
	}
	say := s.once(sink)
	err = wait.PollUntilContextTimeout(ctx, pollInterval, min(settleTimeout, s.timeout()), true,
		func(ctx context.Context) (bool, error) {
			if left, err = s.contents(ctx, kinds); err != nil {
				return false, err
			}
			if len(left) > 0 {
				say(fmt.Sprintf("namespace %s to be empty: %s", s.Namespace, few(left)))
			}
			return len(left) == 0, nil
		})
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return left, nil
	}
	return left, err
}

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
