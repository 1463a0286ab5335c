package bootstrap

import (
	"context"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// mayDestroy asks the cluster whether the caller may do what the run is about to do. A cluster that is gone is not asked.
func (t *teardown) mayDestroy(ctx context.Context) error {
	if t.target.kube == nil {
		return nil
	}
	return t.mayDo(ctx, t.permissions())
}

// permissions are what teardown needs of the cluster for what goes.
func (t *teardown) permissions() needs {
	var out needs
	if t.hasLock() {
		out.addLock(t.target.settings.Namespace, kube.RecordName)
	}
	for _, e := range t.all {
		if e.idle {
			continue
		}
		switch by := e.remover.(type) {
		case *secretsRemoval:
			addSecrets(&out, by)
		case *releaseRemoval:
			addRelease(&out, by)
		}
	}
	for _, c := range t.closing {
		addClosing(&out, c)
	}
	return out
}

func addSecrets(n *needs, s *secretsRemoval) {
	for i, c := range s.planned {
		if c.Action == plan.Delete {
			namespace, name, _ := strings.Cut(s.held[i].Name, "/")
			n.add(namespace, "", "secrets", name, "delete")
		}
	}
}

// addRelease wants the lock also for a release that is left to others, which is decided under it. What the release consists
// of is what up would make of it.
func addRelease(n *needs, r *releaseRemoval) {
	namespace := r.step.Namespace
	if r.concerns() {
		n.addLock(namespace, kube.ReleaseLockName)
	}
	if !plan.Pending(r.planned) {
		return
	}
	n.add(namespace, leaseGroup, "leases", kube.ReleaseLockName, "delete")
	n.add(namespace, "", "secrets", "", "list", "get", "update", "delete") // Helm's
	for _, a := range r.step.Permissions() {
		crds := a.Resource == "customresourcedefinitions"
		if a.Verb == "create" && a.Resource != "secrets" && (!crds || r.crdsGo) {
			n.add(a.Namespace, a.Group, a.Resource, a.Name, "get", "delete")
		}
	}
	for _, c := range r.planned {
		if c.Resource == "namespace/"+namespace && c.Action == plan.Delete {
			n.add("", "", "namespaces", namespace, "delete")
		}
	}
}

// addClosing wants what the end of record, Lease and namespace takes.
func addClosing(n *needs, c plan.Change) {
	kind, name, _ := strings.Cut(c.Resource, "/")
	namespace, object, _ := strings.Cut(name, "/")
	verb := map[plan.Action]string{plan.Update: "update", plan.Delete: "delete"}[c.Action]
	switch {
	case verb == "":
	case kind == "configmap":
		n.add(namespace, "", "configmaps", object, "get", verb)
	case kind == "lease":
		n.add(namespace, leaseGroup, "leases", object, verb)
	case kind == "namespace":
		n.add("", "", "namespaces", namespace, verb)
	}
}
