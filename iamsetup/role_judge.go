package iamsetup

import (
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// diff compares what was seen with what is wanted. It does not read.
func (r *Role) diff() ([]plan.Change, error) {
	if r.seen == nil {
		return []plan.Change{
			r.fresh(),
			r.attachment(plan.Create, "a new role has no policies"),
		}, nil
	}
	if !r.seen.tags.ours() && !r.Adopt {
		return r.foreign(), nil
	}
	own, err := r.own()
	return []plan.Change{own, r.attach()}, err
}

// fresh judges a role that has to be made.
func (r *Role) fresh() plan.Change {
	if r.unbounded {
		reason, cure := r.carrier().boundless(r.Boundary)
		return r.change(plan.Blocked, reason, cure)
	}
	return r.change(plan.Create, "there is no such role", "")
}

// own judges a role of ours, or one that is to be.
func (r *Role) own() (plan.Change, error) {
	next, why := r.merge(r.seen)
	document, err := next.JSON()
	if err != nil {
		return plan.Change{}, err
	}
	if size := characters(document); len(why) > 0 && size > r.trustMax {
		return r.change(plan.Blocked, fmt.Sprintf("trust policy of IAM role %s would have %d characters and the account allows %d, with %s let in",
			r.seen.arn, size, r.trustMax, r.Trusted), "each namespace and each cluster that shares a role takes its part of them: give this one a role of its own, by another --role-name or without it"), nil
	}
	if r.boundaryDiffers() {
		differs, reason, cure := r.carrier().bounded(r.seen.boundary, r.Boundary)
		if reason != "" {
			return r.change(plan.Blocked, reason, cure), nil
		}
		why = append(why, differs)
	}
	missing := r.missingTags()
	if reason, cure := r.carrier().tagged(missing); reason != "" {
		return r.change(plan.Blocked, reason, cure), nil
	}
	if err := r.seen.tags.room(missing); err != nil {
		return r.change(plan.Blocked, fmt.Sprintf("tag IAM role %s: %s", r.seen.arn, err), "give this one a name of its own with --role-name"), nil
	}
	why = append(why, r.seen.tags.lacking(missing)...)
	switch {
	case !r.seen.tags.ours():
		return r.change(plan.Adopt, strings.Join(append([]string{"it carries no mark of ours"}, why...), "; "), ""), nil
	case len(why) > 0:
		return r.change(plan.Update, strings.Join(why, "; "), ""), nil
	default:
		return r.change(plan.None, "as wanted"+r.elsewhere(), ""), nil
	}
}

// foreign judges a role without our mark: it is used when it is as wanted, and never changed.
func (r *Role) foreign() []plan.Change {
	const cure = "--adopt takes the role over and keeps what it has; --role-name makes another one"
	var why []string
	if !r.seen.trust.letsIn(r.Trusted) {
		why = append(why, "its trust policy does not let in "+r.Trusted.String())
	}
	if r.boundaryDiffers() {
		why = append(why, fmt.Sprintf("its permissions boundary is %s, not %s", orNone(r.seen.boundary), r.Boundary))
	}
	out := []plan.Change{r.change(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", ""), r.attachment(plan.None, "as wanted")}
	if len(why) > 0 {
		out[0] = r.change(plan.Blocked, fmt.Sprintf("role %s was not made by gen3-bootstrap and %s", r.seen.arn, strings.Join(why, " and ")), cure)
	}
	if !r.carrier().attached() {
		out[1] = r.attachment(plan.Blocked, fmt.Sprintf("role %s was not made by gen3-bootstrap and policy %s is not attached to it", r.seen.arn, r.PolicyARN))
		out[1].Hint = cure
	}
	return out
}

func (r *Role) attach() plan.Change {
	c := r.carrier()
	if c.attached() {
		return r.attachment(plan.None, "as wanted")
	}
	if reason, cure := c.unattachable(); reason != "" {
		out := r.attachment(plan.Blocked, reason)
		out.Hint = cure
		return out
	}
	return r.attachment(plan.Create, "the policy is not attached")
}

func (r *Role) boundaryDiffers() bool { return r.Boundary != "" && r.seen.boundary != r.Boundary }

// setsBoundary reports whether Apply would set a permissions boundary that is not this very run's policy.
func (r *Role) setsBoundary() bool {
	if r.Boundary == "" || r.Boundary == r.PolicyARN {
		return false
	}
	return r.seen == nil || r.boundaryDiffers() && (r.seen.tags.ours() || r.Adopt)
}

// tags are those that the role carries for this owner. The owner's own names the issuer, which tells later which
// statement of the trust policy is its.
func (r *Role) tags() Tags {
	owner := r.Owner
	owner.Server = r.Trusted.Issuer
	return markTags(owner, r.Tags)
}

func (r *Role) missingTags() Tags {
	wanted := r.tags()
	missing := r.seen.tags.missing(wanted)
	own := tagOwner + r.Owner.String()
	if r.seen.tags[own] != wanted[own] {
		missing[own] = wanted[own]
	}
	return missing
}

func (r *Role) change(action plan.Action, reason, cure string) plan.Change {
	return plan.Change{Step: RoleStep, Resource: "iam-role/" + r.ARN(), Action: action, Reason: reason, Hint: cure}
}

func (r *Role) attachment(action plan.Action, reason string) plan.Change {
	return plan.Change{Step: RoleStep, Resource: "policy-attachment/" + r.RoleName + "/" + lastPart(r.PolicyARN), Action: action, Reason: reason}
}
