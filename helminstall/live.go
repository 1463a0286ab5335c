package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// helmsObjects selects what Helm made: it labels every object of every release so.
const helmsObjects = "app.kubernetes.io/managed-by=Helm"

// liveObject is an object in the cluster that names the release as its own.
type liveObject struct {
	resource        schema.GroupVersionResource
	kind            string
	namespace, name string
	uid             types.UID
	kept            bool // an uninstall leaves it
}

// String is kind/name or kind/namespace/name, as in a plan.
func (o liveObject) String() string {
	return strings.ToLower(o.kind) + "/" + stored.Object{Namespace: o.namespace, Name: o.name}.String()
}

// liveObjects finds all that names the release, of the kinds that the operator's chart has and of those in the stored
// manifest. The manifest only adds kinds: what it names is neither believed to be there nor to be the release's.
func (s *Step) liveObjects(ctx context.Context, named []stored.Head) ([]liveObject, error) {
	if s.apis == nil {
		var err error
		if s.apis, err = sdk.Discover(ctx, s.Config); err != nil {
			return nil, err
		}
	}
	api, err := metadata.NewForConfig(s.Config)
	if err != nil {
		return nil, fmt.Errorf("set up connection to the cluster: %w", err)
	}
	kinds := chartKinds(named == nil)
	for _, h := range named {
		kinds[h.GroupKind()] = true
	}
	delete(kinds, schema.GroupKind{Group: "apiextensions.k8s.io", Kind: stored.CRDKind}) // they go by another way, if at all
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	parts := make([][]liveObject, len(kinds))
	next := 0
	for kind, needed := range kinds {
		part := &parts[next]
		next++
		group.Go(func() (err error) {
			*part, err = s.liveOfKind(ctx, api, kind, needed, named)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(parts...)
	slices.SortFunc(out, func(a, b liveObject) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
	})
	return out, nil
}

// chartKinds are those that the operator's chart has, with whether they must be seen: those that every installation of it
// has, where no manifest says more.
func chartKinds(needed bool) map[schema.GroupKind]bool {
	const rbac, hooks = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
	out := map[schema.GroupKind]bool{}
	for kind, group := range map[string]string{
		"Deployment": "apps", "Service": "", "ServiceAccount": "", "Secret": "", "Role": rbac, "RoleBinding": rbac,
		"ClusterRole": rbac, "ClusterRoleBinding": rbac, webhookKind: hooks,
	} {
		out[schema.GroupKind{Group: group, Kind: kind}] = needed
	}
	for kind, group := range map[string]string{
		"ConfigMap": "", "PodDisruptionBudget": "policy", "NetworkPolicy": "networking.k8s.io", "MutatingWebhookConfiguration": hooks,
	} {
		out[schema.GroupKind{Group: group, Kind: kind}] = false
	}
	return out
}

func (s *Step) liveOfKind(ctx context.Context, api metadata.Interface, kind schema.GroupKind, needed bool, named []stored.Head) ([]liveObject, error) {
	mapping, err := s.apis.Mapper.RESTMapping(kind)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
	}
	found, err := s.listOwned(ctx, api, mapping, metav1.NamespaceAll)
	if !apierrors.IsForbidden(err) || mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return found, listError(kind, needed, err)
	}
	// Whoever may not see all namespaces may see those that matter.
	var out []liveObject
	for _, ns := range s.namespacesOf(kind, named) {
		if found, err = s.listOwned(ctx, api, mapping, ns); err != nil {
			return nil, listError(kind, needed, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// listError lets a refusal pass where nothing says that the release has any of the kind.
func listError(kind schema.GroupKind, needed bool, err error) error {
	if err == nil || apierrors.IsForbidden(err) && !needed {
		return nil
	}
	return hint.With(fmt.Errorf("list %s: %w", pluralOf(kind.Kind), err),
		forbiddenHint(err, "allow to list and delete what the release consists of; see Permissions in the README"))
}

func (s *Step) namespacesOf(kind schema.GroupKind, named []stored.Head) []string {
	out := []string{s.Namespace}
	for _, h := range named {
		if ns := h.Metadata.Namespace; h.GroupKind() == kind && ns != "" && !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	}
	return out
}

func (s *Step) listOwned(ctx context.Context, api metadata.Interface, mapping *meta.RESTMapping, namespace string) ([]liveObject, error) {
	var out []liveObject
	options := metav1.ListOptions{LabelSelector: helmsObjects, Limit: 500}
	for {
		page, err := api.Resource(mapping.Resource).Namespace(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			if owner.Of(item.ObjectMeta).Of(s.Settings.Release, s.Namespace) {
				kind := mapping.GroupVersionKind.Kind
				out = append(out, liveObject{
					resource: mapping.Resource, kind: kind, namespace: item.Namespace, name: item.Name, uid: item.UID,
					// A namespace has more in it than the release.
					kept: item.Annotations[kube.ResourcePolicyAnno] == kube.KeepPolicy || kind == "Namespace",
				})
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return out, nil
		}
	}
}

// tally counts objects by their kind, such as "1 ClusterRole, 3 Deployments".
func tally(objects []liveObject) string {
	var out []string
	for len(objects) > 0 {
		kind := objects[0].kind
		n := slices.IndexFunc(objects, func(o liveObject) bool { return o.kind != kind })
		if n < 0 {
			n = len(objects)
		}
		if objects = objects[n:]; n > 1 {
			kind = pluralOf(kind)
		}
		out = append(out, fmt.Sprintf("%d %s", n, kind))
	}
	return strings.Join(out, ", ")
}

func pluralOf(kind string) string {
	switch {
	case strings.HasSuffix(kind, "y"):
		return strings.TrimSuffix(kind, "y") + "ies"
	case strings.HasSuffix(kind, "s"):
		return kind + "es"
	}
	return kind + "s"
}
