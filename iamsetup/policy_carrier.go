package iamsetup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// carrier is the user or role that a policy is to be attached to, with what both kinds are judged by in the same way.
type carrier struct {
	kind    string // "user" or "role"
	name    string
	arn     string
	owner   Owner
	tags    Tags
	adopt   bool
	policy  string // ARN of the one to be attached
	has     attachments
	missing bool // the policy that is to be its permissions boundary is not there
}

func (c carrier) attached() bool { return slices.Contains(c.has.arns, c.policy) }

// beside are the policies that it has beside the one that it is to have.
func (c carrier) beside() []string { return without(c.has.arns, []string{c.policy}) }

// unattachable says why the policy is not to be attached, empty when it may be. Beside another policy it would give this
// owner's rights to the others, and theirs to this one: keys and sessions have what all policies together allow.
func (c carrier) unattachable() (reason, cure string) {
	others, beside := c.tags.otherOwners(c.owner), c.beside()
	switch {
	case c.attached():
		return "", ""
	case len(others) > 0 && len(beside) > 0:
		return fmt.Sprintf("%s %s is shared with %s and has policy %s attached: with policy %s beside it, each of them would have the rights of all",
				c.kind, c.arn, strings.Join(others, ", "), strings.Join(beside, ", "), c.policy),
			fmt.Sprintf("give this one a %s of its own with %s, or the same --policy-name as the other", c.kind, c.flag())
	case c.has.quota > 0:
		return fmt.Sprintf("%s %s has %d managed policies attached and IAM allows %d, so policy %s cannot be attached", c.kind, c.arn, len(c.has.arns), c.has.quota, c.policy),
			fmt.Sprintf("take one off with `%s`, or give this one a %s of its own with %s", c.detach("ARN"), c.kind, c.flag())
	default:
		return "", ""
	}
}

// warnings say what else those may do who use the user or role, since other policies are attached to it, too.
func (c carrier) warnings() []string {
	if reason, _ := c.unattachable(); reason != "" {
		return nil // that says it
	}
	out := make([]string, 0, len(c.has.arns))
	for _, arn := range c.beside() {
		out = append(out, fmt.Sprintf("IAM %s %s also has policy %s attached: %s may do what it allows; %s", c.kind, c.name, arn, c.users(), c.remedy(arn)))
	}
	return out
}

func (c carrier) users() string {
	if c.kind == "user" {
		return "keys of the user"
	}
	return "whoever takes the role"
}

// remedy is the command that takes a policy off, unless somebody else may need it there.
func (c carrier) remedy(arn string) string {
	others := c.tags.otherOwners(c.owner)
	switch {
	case len(others) > 0:
		return fmt.Sprintf("the %s is shared with %s, who may need it; %s gives this one a %s of its own", c.kind, strings.Join(others, ", "), c.flag(), c.kind)
	case !c.tags.ours() && !c.adopt:
		return fmt.Sprintf("the %s was not made by gen3-bootstrap; %s makes another one", c.kind, c.flag())
	default:
		return "`" + c.detach(arn) + "` takes it off"
	}
}

func (c carrier) flag() string { return "--" + c.kind + "-name" }

func (c carrier) detach(arn string) string {
	return hint.Command("aws", "iam", "detach-"+c.kind+"-policy", c.flag(), c.name, "--policy-arn", arn)
}

// bounded judges a change of the permissions boundary: in words what changes, or why it is not to be.
func (c carrier) bounded(have, want string) (why, reason, cure string) {
	others := c.tags.otherOwners(c.owner)
	switch {
	case len(others) > 0:
		return "", fmt.Sprintf("%s %s is shared with %s, for whom its permissions boundary would change from %s to %s", c.kind, c.arn, strings.Join(others, ", "), orNone(have), want),
			fmt.Sprintf("leave --permissions-boundary out, or give this one a %s of its own with %s", c.kind, c.flag())
	case c.missing:
		reason, cure = c.boundless(want)
		return "", reason, cure
	default:
		return fmt.Sprintf("its permissions boundary is %s, not %s", orNone(have), want), "", ""
	}
}

// boundless is what is said when the boundary's policy is not there.
func (c carrier) boundless(want string) (reason, cure string) {
	return fmt.Sprintf("there is no policy %s to be the permissions boundary of %s %s", want, c.kind, c.arn),
		"make that policy first, or name another with --permissions-boundary"
}

// tagged judges the tags that are to be added or changed: why they cannot or must not be, empty when they may.
func (c carrier) tagged(missing Tags) (reason, cure string) {
	reason, keep := c.tags.disputed(c.owner, missing, c.kind+" "+c.arn)
	if reason == "" {
		return "", ""
	}
	return reason, fmt.Sprintf("give %s or leave that tag out, or give this one a %s of its own with %s", keep, c.kind, c.flag())
}
