package teardown

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// describe counts and names, as in "1 SecretStore (a), 2 ExternalSecrets (b, c), 2 Secrets that ExternalSecrets own (d, e)".
func (p blastPart) describe(names words.List) string {
	var texts []string
	for _, kind := range slices.Sorted(maps.Keys(p.kinds)) {
		texts = append(texts, fmt.Sprintf("%s (%s)", words.Counted(len(p.kinds[kind]), kind), names.Of(p.kinds[kind])))
	}
	if len(p.secrets) > 0 {
		texts = append(texts, fmt.Sprintf("%s that ExternalSecrets own (%s)", words.Counted(len(p.secrets), "Secret"), names.Of(p.secrets)))
	}
	return strings.Join(texts, ", ")
}

// resource names the part in a result.
func (p blastPart) resource() plan.Resource {
	if p.namespace == "" {
		return plan.Of("cluster", "external-secrets.io")
	}
	return plan.Of(plan.Namespace, p.namespace)
}

// changes are the lines that tell of it: in the way, or overridden.
func (b blast) changes(force bool, names words.List) []plan.Change {
	action := plan.Blocked
	if force {
		action = plan.None
	}
	var out []plan.Change
	for _, p := range b.parts {
		out = append(out, plan.Change{Step: blastStep, Resource: p.resource(), Action: action, Reason: b.fate() + ": " + p.describe(names)})
	}
	return out
}

// fate says what becomes of the objects.
func (b blast) fate() string {
	switch {
	case b.crds:
		return "deleted with the CRDs, and the Secrets that they own with them"
	case b.operator:
		return "kept, with no operator to serve them"
	default:
		return "kept, without the key or role that their stores sign in with"
	}
}

// total counts over all namespaces.
func (b blast) total() (objects, secrets int) {
	for _, p := range b.parts {
		for _, named := range p.kinds {
			objects += len(named)
		}
		secrets += len(p.secrets)
	}
	return objects, secrets
}
