package bootstrap

import (
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Whoever may edit ConfigMaps in the namespace writes the record. So what stands there, or stands there no more, gives nobody a right that
// nobody asked for: what IAM has for this owner already goes on by it, and all beyond that is blocked until a flag says it.

// Doubted blocks those changes that only the record asks for.
func (t *Target) Doubted(steps *Steps, changes []plan.Change) []plan.Change {
	if t.Settings.Given == nil {
		return changes
	}
	out := slices.Clone(changes)
	for i, c := range out {
		if c.Action == plan.None || c.Action == plan.Blocked {
			continue
		}
		if why, flags := t.doubt(steps, c); why != "" {
			out[i] = t.unproven(c, why, flags)
		}
	}
	return out
}

// doubt says what a change rests on that nothing proves, and the flags that would say it.
func (t *Target) doubt(steps *Steps, c plan.Change) (why string, flags []string) {
	names := func(words string, flags ...string) (string, []string) {
		if flags = t.hearsay(flags...); len(flags) == 0 {
			return "", nil
		}
		return "only the record of the last up names " + words, flags
	}
	mine := func(step string) bool {
		return slices.Contains(steps.Ownership(step).Owners, t.Owner().String())
	}
	switch {
	case c.Resource.Kind == plan.Attachment:
		known := steps.Ownership(c.Step)
		if known.Exists && mine(c.Step) && !mine(policy.Step) && !t.Settings.Gave("policy-name") {
			return "it would give rights to what is there already, and no flag names that policy", []string{"policy-name"}
		}
	case c.Step == policy.Step && !mine(policy.Step):
		if why, flags = names("this policy", "policy-name", "iam-path"); why == "" {
			if flags = t.hearsay(flagKMSKey, flagPush); len(flags) > 0 {
				why = "only the record of the last up asks for these rights"
			}
		}
	case c.Step == policy.Step && steps.Policy.Widens() && !t.Settings.Gave(flagRegion, flagPrefix, flagNames, flagKMSKey, flagPush):
		flags = t.hearsay(flagRegion, flagPrefix, flagKMSKey, flagPush)
		if len(t.Settings.SecretPrefixes)+len(t.Settings.ReadNames) == 0 {
			flags = append(flags, flagPrefix)
		}
		return "the policy would allow more than it does, and no flag asks for that (" + c.Reason + ")", flags
	case c.Step == user.Step && c.Resource.Kind == plan.IAMUser && !mine(user.Step):
		return names("this user", "user-name", "iam-path")
	case c.Step == role.Step && !mine(role.Step):
		return names("this role or that there is to be one", "role-name", "iam-path", flagIRSA, "oidc-issuer")
	case c.Step == role.Step, c.Step == oidcprovider.Step:
		return names("the issuer of the tokens that it would trust", "oidc-issuer")
	case c.Step == HelmStep && c.Action == plan.Create && c.Resource.Kind == plan.HelmRelease:
		return names("this release", "release", "release-namespace")
	}
	return why, flags
}

// hearsay are those of the flags whose value only the record has, and is not the default.
func (t *Target) hearsay(flags ...string) []string {
	var out []string
	for _, x := range stickySettings() {
		is := values(x.in(&t.Settings))
		if slices.Contains(flags, x.flag) && len(is) > 0 && is[0] != x.fallback && !t.Settings.Gave(x.flag) {
			out = append(out, x.flag)
		}
	}
	return out
}

// unproven is the change as one that needs a word of the operator's.
func (t *Target) unproven(c plan.Change, why string, flags []string) plan.Change {
	var args []string
	for _, x := range stickySettings() {
		if !slices.Contains(flags, x.flag) {
			continue
		}
		is := values(x.in(&t.Settings))
		if len(is) == 0 {
			args = append(args, "--unset", x.flag)
		}
		for _, value := range is {
			if value == "true" {
				args = append(args, "--"+x.flag)
			} else {
				args = append(args, "--"+x.flag, value)
			}
		}
	}
	c.Action, c.Fields, c.Code = plan.Blocked, nil, "unproven-setting"
	c.Reason = fmt.Sprintf("%s %s: %s", c.Action, c.Resource, why)
	c.Hint = "whoever may edit ConfigMaps in namespace " + t.Settings.Namespace + " can have written that. If it is what you want, say it with flags: " +
		t.Settings.Invocation().Command(append([]string{"up"}, args...)...)
	c.More = nil
	return c
}
