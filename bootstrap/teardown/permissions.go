package teardown

import (
	"context"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// mayDestroy asks the cluster whether the caller may do what the run is about to do. A cluster that is gone is not asked.
func (t *teardown) mayDestroy(ctx context.Context) error {
	if t.Target.Kube == nil {
		return nil
	}
	return t.MayDo(ctx, t.permissions())
}

// permissions are what teardown needs of the cluster for what goes.
func (t *teardown) permissions() bootstrap.Needs {
	var out bootstrap.Needs
	if t.hasLock() {
		out.AddLock(t.Target.Settings.Namespace, kube.RecordName)
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

func addSecrets(n *bootstrap.Needs, s *secretsRemoval) {
	for i, c := range s.planned {
		if c.Action == plan.Delete {
			namespace, name, _ := strings.Cut(s.held[i].Name, "/")
			n.Add(namespace, "", "secrets", name, "delete")
		}
	}
}

// addRelease wants the lock also for a release that is kept for others, which is decided under it. What the release consists
// of is what up would make of it.
func addRelease(n *bootstrap.Needs, r *releaseRemoval) {
	namespace := r.step.Namespace
	if r.concerns() {
		n.AddLock(namespace, kube.ReleaseLockName)
	}
	if !plan.Pending(r.planned) {
		return
	}
	n.Add(namespace, bootstrap.LeaseGroup, "leases", kube.ReleaseLockName, "delete")
	n.Add(namespace, "", "secrets", "", "list", "get", "update", "delete") // Helm's
	for _, a := range r.step.Permissions() {
		crds := a.Resource == "customresourcedefinitions"
		if a.Verb == "create" && a.Resource != "secrets" && (!crds || r.crdsGo) {
			n.Add(a.Namespace, a.Group, a.Resource, a.Name, "get", "delete")
		}
	}
	for _, c := range r.planned {
		switch {
		case c.Resource == plan.Of(plan.Namespace, namespace) && c.Action == plan.Delete:
			n.Add("", "", "namespaces", namespace, "delete")
		case c.Resource.Kind == plan.Namespace && c.Action == plan.Update: // its finalizers
			n.Add("", "", "namespaces", c.Resource.Name, "patch")
		case isWebhook(c) && c.Action == plan.Delete:
			n.Add("", "admissionregistration.k8s.io", c.Resource.Kind+"s", c.Resource.Name, "delete")
		}
	}
}

// addClosing wants what the end of record, Lease and namespace takes.
func addClosing(n *bootstrap.Needs, c plan.Change) {
	verb := map[plan.Action]string{plan.Update: "update", plan.Delete: "delete"}[c.Action]
	switch {
	case verb == "":
	case c.Resource.Kind == plan.ConfigMap:
		n.Add(c.Resource.Namespace, "", "configmaps", c.Resource.Name, "get", verb)
	case c.Resource.Kind == plan.Lease:
		n.Add(c.Resource.Namespace, bootstrap.LeaseGroup, "leases", c.Resource.Name, verb)
	case c.Resource.Kind == plan.Namespace:
		n.Add("", "", "namespaces", c.Resource.Name, verb)
	}
}
