package teardown

import (
	"context"
	"maps"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// blastStep is the name under which a result lists the objects that depend on what a teardown deletes.
const blastStep = "blast-radius"

// taken is what a teardown takes away of what objects of External Secrets stand on.
type taken struct {
	crds     bool     // the objects themselves go, and with them the Secrets that they own
	operator bool     // nobody serves any object of the cluster
	secrets  []string // "namespace/name" of the Secrets whose key goes
	accounts []string // "namespace/name" of the ServiceAccounts that lose their role
}

func (t taken) nothing() bool {
	return !t.crds && !t.operator && len(t.secrets) == 0 && len(t.accounts) == 0
}

// blast is what would be lost.
type blast struct {
	taken

	parts    []blastPart // by namespace; that of cluster-wide objects, "", first
	unread   []error     // nobody can tell what else is lost
	warnings []string    // what could not be read and is not likely to matter
}

// blastPart is what one namespace would lose.
type blastPart struct {
	namespace string
	kinds     map[string][]string // names by kind
	secrets   []string            // that its ExternalSecrets own
}

// lost picks those objects that stand on what is taken: all of them where the operator goes, else the stores that sign
// in with it, and what reads from or pushes to those.
func (t taken) lost(objects []external.Object) []external.Object {
	if t.crds || t.operator {
		return objects
	}
	common := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
	}
	var stores, out []external.Object
	for _, o := range objects {
		if o.IsStore() && (common(o.Secrets, t.secrets) || common(o.Accounts, t.accounts)) {
			stores = append(stores, o)
		}
	}
	for _, o := range objects {
		if slices.ContainsFunc(stores, func(s external.Object) bool { return o.Ref() == s.Ref() || o.Uses(s) }) {
			out = append(out, o)
		}
	}
	return out
}

// measure finds the objects that depend on what a teardown would delete.
func (t taken) measure(ctx context.Context, e *external.Objects, namespace string) (blast, error) {
	out := blast{taken: t}
	if t.nothing() {
		return out, nil
	}
	found, where, err := t.look(ctx, e, namespace)
	if err != nil {
		return out, err
	}
	out.weigh(found.Unread)
	objects := t.lost(found.Objects)
	if len(objects) == 0 {
		return out, nil
	}
	owned, err := e.OwnedSecrets(ctx, where)
	if err != nil {
		out.warnings = append(out.warnings, "which Secrets ExternalSecrets own may not be read: "+err.Error())
	}
	out.parts = group(objects, owned)
	out.warnOfFinalizers(objects)
	return out, nil
}

// weigh says which of the kinds that could not be read matter. Where only a key or role goes, cluster-wide ones do not:
// the gen3 chart's stores are of the namespace, and who may not read others seldom has one.
func (b *blast) weigh(unread []external.Unread) {
	for _, u := range unread {
		if u.ClusterWide && !b.crds && !b.operator {
			b.warnings = append(b.warnings, "it is not known whether a cluster-wide object needs the key or role that goes: "+u.Err.Error())
		} else {
			b.unread = append(b.unread, u.Err)
		}
	}
}

// warnOfFinalizers tells of objects that nobody will be able to delete while no operator runs.
func (b *blast) warnOfFinalizers(objects []external.Object) {
	held := slices.DeleteFunc(slices.Clone(objects), func(o external.Object) bool { return len(o.OperatorsFinalizers()) == 0 })
	if b.operator && !b.crds && len(held) > 0 {
		b.warnings = append(b.warnings, words.Counted(len(held), "object")+" of External Secrets with a finalizer that only the operator takes off: "+
			"without one their deletion, and that of their namespaces, hangs; so delete them first, or with --delete-crds")
	}
}

// look reads the cluster, since a cluster-wide store may serve any namespace. Where only a key or a role goes, and the
// caller may not read all namespaces, its own has to do: the gen3 chart's stores are of the namespace.
func (t taken) look(ctx context.Context, e *external.Objects, namespace string) (external.Found, string, error) {
	if t.crds {
		found, err := e.ListAll(ctx)
		return found, "", err
	}
	found, err := e.List(ctx, "")
	if err != nil || t.operator || len(found.Unread) == 0 {
		return found, "", err
	}
	found, err = e.List(ctx, namespace)
	return found, namespace, err
}

func group(objects []external.Object, owned []external.OwnedSecret) []blastPart {
	parts, owners := map[string]*blastPart{}, map[string]bool{}
	for _, o := range objects {
		owners[o.Ref()] = true
		if parts[o.Namespace] == nil {
			parts[o.Namespace] = &blastPart{namespace: o.Namespace, kinds: map[string][]string{}}
		}
		parts[o.Namespace].kinds[o.Kind] = append(parts[o.Namespace].kinds[o.Kind], o.Name)
	}
	for _, s := range owned {
		if part := parts[s.Namespace]; part != nil && owners["ExternalSecret "+s.Namespace+"/"+s.Owner] {
			part.secrets = append(part.secrets, s.Name)
		}
	}
	var out []blastPart
	for _, namespace := range slices.Sorted(maps.Keys(parts)) {
		out = append(out, *parts[namespace])
	}
	return out
}
