package bootstrap

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// needs are permissions in the cluster.
type needs []authorizationv1.ResourceAttributes

// add wants verbs on a resource of a namespace, "" for the cluster's; on one object, or on all for the name "".
func (n *needs) add(namespace, group, resource, name string, verbs ...string) {
	for _, verb := range verbs {
		*n = append(*n, authorizationv1.ResourceAttributes{Namespace: namespace, Group: group, Resource: resource, Name: name, Verb: verb})
	}
}

const leaseGroup = "coordination.k8s.io"

// addLock wants what it takes to hold a lock.
func (n *needs) addLock(namespace, name string) {
	n.add(namespace, leaseGroup, "leases", "", "create")
	n.add(namespace, leaseGroup, "leases", name, "get", "update")
}

// permissions are what up needs of the cluster for the steps that have something to do.
func (t *target) permissions(s *steps, pending map[string]bool) needs {
	namespace := t.settings.Namespace
	var out needs
	out.addLock(namespace, kube.RecordName)
	out.add(namespace, "", "configmaps", "", "create")
	out.add(namespace, "", "configmaps", kube.RecordName, "get", "update")
	if t.namespace == nil {
		out.add("", "", "namespaces", "", "create")
	}
	if s.key != nil && pending[accesskey.Step] {
		out.add(namespace, "", "secrets", "", "create")
		for _, name := range t.settings.KeySecretNames() {
			out.add(namespace, "", "secrets", name, "get", "update")
		}
	}
	if s.release == nil {
		return out
	}
	switch shared := s.release.shared; {
	case pending[s.release.Name()]:
		out.addLock(shared.namespace, kube.ReleaseLockName)
		out = append(out, s.release.Permissions()...)
	case shared.namespace != "":
		out.add(shared.namespace, leaseGroup, "leases", kube.ReleaseLockName, "get")
	}
	return out
}

// mayDo asks the cluster whether the caller may do what the run is about to do.
func (r *run) mayDo(ctx context.Context, wanted needs) error {
	denied, err := r.target.kube.Denied(ctx, wanted)
	if err != nil {
		return r.fail("", err)
	}
	for _, d := range denied {
		_ = r.fail("", hint.With(fmt.Errorf("check permissions: the caller of context %s may not %s", r.target.kube.Context, d),
			"see Permissions in the README for what a run needs; `kubectl auth can-i --list` shows what you have"))
	}
	if len(denied) > 0 {
		return ErrFailed
	}
	return nil
}
