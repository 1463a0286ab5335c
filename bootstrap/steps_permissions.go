package bootstrap

import (
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// permissions are what the run needs of the cluster for the steps that have something to do.
func (t *target) permissions(s *steps, pending map[string]bool) []authorizationv1.ResourceAttributes {
	namespace := t.settings.Namespace
	var out []authorizationv1.ResourceAttributes
	need := func(group, resource, name string, verbs ...string) {
		for _, verb := range verbs {
			out = append(out, authorizationv1.ResourceAttributes{Namespace: namespace, Group: group, Resource: resource, Name: name, Verb: verb})
		}
	}
	need("coordination.k8s.io", "leases", "", "create")
	need("coordination.k8s.io", "leases", kube.RecordName, "get", "update")
	need("", "configmaps", "", "create")
	need("", "configmaps", kube.RecordName, "get", "update")
	if t.namespace == nil {
		out = append(out, authorizationv1.ResourceAttributes{Resource: "namespaces", Verb: "create"})
	}
	if s.key != nil && pending[iamsetup.KeyStep] {
		need("", "secrets", "", "create")
		for _, name := range t.settings.KeySecretNames() {
			need("", "secrets", name, "get", "update")
		}
	}
	if s.release != nil && pending[s.release.Name()] {
		out = append(out, s.release.Permissions()...)
	}
	return out
}
