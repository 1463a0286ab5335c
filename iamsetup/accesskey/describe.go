package accesskey

import (
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func (d *decision) block(resource plan.Resource, reason, cure string, more ...string) {
	d.blocks = append(d.blocks, plan.Change{Step: Step, Resource: resource, Action: plan.Blocked, Reason: reason, Hint: cure, More: more})
}

func (d *decision) describeAll() string {
	out := make([]string, 0, len(d.v.keys))
	for _, k := range d.v.keys {
		out = append(out, k.ID+" ("+d.describe(k.ID)+")")
	}
	return strings.Join(out, ", ")
}

// describe says whose a key is, its age and its last use.
func (d *decision) describe(id string) string {
	k := d.v.listed(id)
	if k == nil {
		return "not listed"
	}
	parts := []string{iamsetup.Age(d.v.now.Sub(k.Created)) + " old"}
	if !k.Active {
		parts = append(parts, "inactive")
	}
	if owner := d.v.tagged(id); owner != "" {
		parts = append(parts, "held by "+owner)
	} else {
		parts = append(parts, "holder unknown")
	}
	switch {
	case k.Unread:
		parts = append(parts, "last use not known")
	case k.Use.At.IsZero():
		parts = append(parts, "never used")
	default:
		parts = append(parts, fmt.Sprintf("last used for %s %s ago", k.Use.Service, iamsetup.Age(d.v.now.Sub(k.Use.At))))
	}
	return strings.Join(parts, ", ")
}

// kubectl is the command that does something to a Secret, given as "namespace/name".
func kubectl(secret, verb string, options ...string) string {
	namespace, name, _ := strings.Cut(secret, "/")
	return hint.Command(append([]string{"kubectl", "-n", namespace, verb, "secret", name}, options...)...)
}
