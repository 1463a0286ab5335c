package sdk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// FieldManager is who wrote a field, as the API server records it.
const FieldManager = "gen3-bootstrap"

// kubeClient is Helm's client with its sequential round trips taken out. What it does to an object is Helm's own.
type kubeClient struct {
	*kube.Client
	ctx   context.Context // Helm's interface passes none
	reads *readAhead
	check func([]Standing) error // may be nil; judges what a manifest is about to meet
	by    owner.Owner            // the release, which deletes nothing but its own
	left  []string               // what it did not delete
}

// IsReachable costs a round trip in Helm; observing has just proved it.
func (k *kubeClient) IsReachable() error { return nil }

// Build reads ahead what Helm is about to ask for about each object.
func (k *kubeClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	list, err := k.Client.Build(r, validate)
	if err != nil {
		return list, err
	}
	k.reads.fetch(k.ctx, list)
	if judge := k.check; judge != nil {
		k.check = nil // both install and upgrade build their target first
		return list, judge(k.reads.standings(list))
	}
	return list, nil
}

// Create creates the objects wave by wave.
func (k *kubeClient) Create(list kube.ResourceList) (*kube.Result, error) {
	err := inWaves(list, func(info *resource.Info) error {
		obj, err := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(FieldManager).
			Create(info.Namespace, true, info.Object)
		if err != nil {
			return fmt.Errorf("create %s: %w", named(info), err)
		}
		return info.Refresh(obj, true)
	})
	if err != nil {
		return nil, err
	}
	return &kube.Result{Created: list}, nil
}

// Update brings each object from its original to its target state, wave by wave, and deletes what is no longer wanted.
func (k *kubeClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	return k.update(original, target, force, k.Client.Update)
}

// UpdateThreeWayMerge is Update that also looks at the live state of objects without a Go type.
func (k *kubeClient) UpdateThreeWayMerge(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	return k.update(original, target, force, k.Client.UpdateThreeWayMerge)
}

type updateFunc func(original, target kube.ResourceList, force bool) (*kube.Result, error)

func (k *kubeClient) update(original, target kube.ResourceList, force bool, one updateFunc) (*kube.Result, error) {
	all := &kube.Result{}
	var mu sync.Mutex
	add := func(r *kube.Result) {
		mu.Lock()
		defer mu.Unlock()
		all.Created, all.Updated = append(all.Created, r.Created...), append(all.Updated, r.Updated...)
		all.Deleted = append(all.Deleted, r.Deleted...)
	}
	// Paired beforehand: an adopted object is in both lists, and is written to as it is updated.
	before := map[*resource.Info]kube.ResourceList{}
	for _, info := range target {
		before[info] = withConversion(like(original, info), info, k.reads)
	}
	gone := k.own(original.Difference(target))
	err := inWaves(target, func(info *resource.Info) error {
		r, err := one(before[info], kube.ResourceList{info}, force)
		if r != nil {
			add(r)
		}
		if err != nil {
			return fmt.Errorf("update %s: %w", named(info), err)
		}
		return nil
	})
	if err != nil {
		return all, err
	}
	if len(gone) == 0 {
		return all, nil
	}
	r, err := one(gone, nil, force)
	if r != nil {
		add(r)
	}
	return all, err
}

// own leaves out what lives and does not name the release: that a stored manifest names it proves nothing.
func (k *kubeClient) own(list kube.ResourceList) kube.ResourceList {
	var out kube.ResourceList
	for _, info := range list {
		if a := k.reads.lookup(address(info)); a != nil && a.status == http.StatusNotFound {
			continue
		}
		if live := k.reads.live(info); live != nil && owner.Of(live.Metadata).Of(k.by.Release, k.by.Namespace) {
			out = append(out, info)
		} else {
			k.left = append(k.left, named(info))
		}
	}
	return out
}

// address is where the object lives, whether or not it exists.
func address(info *resource.Info) *url.URL {
	return info.Client.Get().NamespaceIfScoped(info.Namespace, info.Namespaced()).
		Resource(info.Mapping.Resource.Resource).Name(info.Name).URL()
}

// named is kind/name or kind/namespace/name, as in a plan.
func named(info *resource.Info) string {
	kind := strings.ToLower(info.Mapping.GroupVersionKind.Kind)
	if info.Namespace == "" {
		return kind + "/" + info.Name
	}
	return kind + "/" + info.Namespace + "/" + info.Name
}
