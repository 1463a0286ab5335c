package bootstrap

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Needs are permissions in the cluster.
type Needs []authorizationv1.ResourceAttributes

// Add wants verbs on a resource of a namespace, "" for the cluster's; on one object, or on all for the name "".
func (n *Needs) Add(namespace, group, resource, name string, verbs ...string) {
	for _, verb := range verbs {
		*n = append(*n, authorizationv1.ResourceAttributes{Namespace: namespace, Group: group, Resource: resource, Name: name, Verb: verb})
	}
}

// LeaseGroup is the API group of Leases.
const LeaseGroup = "coordination.k8s.io"

// AddLock wants what it takes to hold a lock.
func (n *Needs) AddLock(namespace, name string) {
	n.Add(namespace, LeaseGroup, "leases", "", "create")
	n.Add(namespace, LeaseGroup, "leases", name, "get", "update")
}

// permissions are what up needs of the cluster for the steps that have something to do.
func (s *Steps) permissions(pending map[string]bool) Needs {
	var out Needs
	for _, n := range s.Nodes {
		if n.needs != nil {
			out = append(out, n.needs(pending[n.Name()])...)
		}
	}
	return out
}

// recordNeeds are those of every run that writes: it takes the lock and enters into the record what it makes.
func (t *Target) recordNeeds() Needs {
	var out Needs
	namespace := t.Settings.Namespace
	out.AddLock(namespace, kube.RecordName)
	out.Add(namespace, "", "configmaps", "", "create")
	out.Add(namespace, "", "configmaps", kube.RecordName, "get", "update")
	if t.Namespace == nil {
		out.Add("", "", "namespaces", "", "create")
	}
	return out
}

func (t *Target) keyNeeds(pending bool) Needs {
	var out Needs
	if !pending {
		return out
	}
	out.Add(t.Settings.Namespace, "", "secrets", "", "create")
	for _, name := range t.Settings.KeySecretNames() {
		out.Add(t.Settings.Namespace, "", "secrets", name, "get", "update")
	}
	return out
}

// needs are those of the release. Whoever writes nothing still looks whether another run holds its lock.
func (o *operatorStep) needs(pending bool) Needs {
	var out Needs
	switch shared := o.shared; {
	case pending:
		out.AddLock(shared.namespace, kube.ReleaseLockName)
		out = append(out, o.Permissions()...)
	case shared.namespace != "":
		out.Add(shared.namespace, LeaseGroup, "leases", kube.ReleaseLockName, "get")
	}
	return out
}

// MayDo asks the cluster whether the caller may do what the run is about to do.
func (r *Run) MayDo(ctx context.Context, wanted Needs) error {
	denied, err := r.Target.Kube.Denied(ctx, wanted)
	if err != nil {
		return r.Fail("", err)
	}
	for _, d := range denied {
		_ = r.Fail("", hint.With(fmt.Errorf("check permissions: the caller of context %s may not %s", r.Target.Kube.Context, d),
			"see Permissions in the README for what a run needs; `kubectl auth can-i --list` shows what you have"))
	}
	if len(denied) > 0 {
		return ErrFailed
	}
	return nil
}
