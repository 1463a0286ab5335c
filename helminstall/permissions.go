package helminstall

import (
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// need is one kind of object and what is done to it.
type need struct {
	group, resource string
	clusterWide     bool
	verbs           []string
}

// Permissions lists what the run will need, as far as it can be known before the chart is rendered: what the last
// Observe found decides, and before that a first install is assumed.
func (s *Step) Permissions() []authorizationv1.ResourceAttributes {
	needs := []need{{"", "secrets", false, []string{"list"}}}
	switch {
	case s.seen == nil || s.writes():
		needs = append(needs, s.writeNeeds()...)
	case s.verdict.State == Elsewhere:
		return s.attributes(needs)
	}
	if !s.NoWait {
		needs = append(needs, need{"apps", "deployments", false, []string{"get"}}, need{"", "pods", false, []string{"list"}})
	}
	return s.attributes(needs)
}

// writeNeeds follows what the chart is made of.
func (s *Step) writeNeeds() []need {
	write := []string{"get", "create", "patch"}
	needs := []need{
		{"", "secrets", false, []string{"get", "create", "update", "delete"}},
		{"apiextensions.k8s.io", "customresourcedefinitions", true, write},
		{"rbac.authorization.k8s.io", "clusterroles", true, write},
		{"rbac.authorization.k8s.io", "clusterrolebindings", true, write},
		{"admissionregistration.k8s.io", "validatingwebhookconfigurations", true, write},
		{"rbac.authorization.k8s.io", "roles", false, write},
		{"rbac.authorization.k8s.io", "rolebindings", false, write},
		{"", "serviceaccounts", false, write},
		{"", "services", false, write},
		{"apps", "deployments", false, write},
	}
	if s.makesNamespace() || s.seen == nil && !s.NamespaceMade {
		needs = append(needs, need{"", "namespaces", true, []string{"create"}})
	}
	return needs
}

func (s *Step) attributes(needs []need) []authorizationv1.ResourceAttributes {
	var out []authorizationv1.ResourceAttributes
	for _, n := range needs {
		for _, verb := range n.verbs {
			a := authorizationv1.ResourceAttributes{Group: n.group, Resource: n.resource, Verb: verb, Namespace: s.Namespace}
			if n.clusterWide {
				a.Namespace = ""
			}
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}
