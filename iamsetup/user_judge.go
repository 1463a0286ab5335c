package iamsetup

import (
	"fmt"
	"maps"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func (u *User) diff() []plan.Change {
	if u.seen == nil {
		return []plan.Change{
			u.fresh(),
			u.attachment(plan.Create, "a new user has no policies"),
		}
	}
	if !u.seen.Tags.ours() && !u.Adopt {
		return u.foreign()
	}
	return []plan.Change{u.own(), u.attach()}
}

// fresh judges a user that has to be made.
func (u *User) fresh() plan.Change {
	if u.unbounded {
		reason, cure := u.carrier().boundless(u.Boundary)
		return u.change(plan.Blocked, reason, cure)
	}
	if err := u.room(Tags{}, markTags(u.Owner, u.Tags)); err != nil {
		return u.change(plan.Blocked, fmt.Sprintf("create IAM user %s: %s", u.Lookup.UserName, err), "give fewer --tag")
	}
	return u.change(plan.Create, "there is no such user", "")
}

// own judges a user of ours, or one that is to be.
func (u *User) own() plan.Change {
	var why []string
	if u.boundaryDiffers() {
		differs, reason, cure := u.carrier().bounded(u.seen.Boundary, u.Boundary)
		if reason != "" {
			return u.change(plan.Blocked, reason, cure)
		}
		why = append(why, differs)
	}
	missing := u.seen.Tags.missing(markTags(u.Owner, u.Tags))
	if reason, cure := u.carrier().tagged(missing); reason != "" {
		return u.change(plan.Blocked, reason, cure)
	}
	if err := u.room(u.seen.Tags, missing); err != nil {
		return u.change(plan.Blocked, fmt.Sprintf("tag IAM user %s: %s", u.seen.ARN, err), "give this one a name of its own with --user-name")
	}
	why = append(why, u.seen.Tags.lacking(missing)...)
	switch {
	case !u.seen.Tags.ours():
		return u.change(plan.Adopt, strings.Join(append([]string{"it carries no mark of ours"}, why...), "; "), "")
	case len(why) > 0:
		return u.change(plan.Update, strings.Join(why, "; "), "")
	default:
		return u.change(plan.None, "as wanted", "")
	}
}

// room is an error when the missing tags, and those that making a key takes, would not fit: the announcement and the
// key's own, which comes when the key is stored and in use. Of an owner whose key is entered nothing is kept free.
func (u *User) room(tags, missing Tags) error {
	for key, value := range tags {
		if strings.HasPrefix(key, tagKey) && value == u.Owner.String() {
			return tags.room(missing)
		}
	}
	all := Tags{tagMinting + u.Owner.String(): "", tagKey + plan.KnownAfterApply: ""}
	maps.Copy(all, missing)
	if err := tags.room(all); err != nil {
		return fmt.Errorf("with the two tags that making a key takes, %w", err)
	}
	return nil
}

func (u *User) attach() plan.Change {
	c := u.carrier()
	if c.attached() {
		return u.attachment(plan.None, "as wanted")
	}
	if reason, cure := c.unattachable(); reason != "" {
		out := u.attachment(plan.Blocked, reason)
		out.Hint = cure
		return out
	}
	return u.attachment(plan.Create, "the policy is not attached")
}

// foreign judges a user without our mark: it is used when it is as wanted, and never changed.
func (u *User) foreign() []plan.Change {
	const cure = "--adopt takes the user over; --user-name makes another one"
	out := u.change(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", "")
	if u.boundaryDiffers() {
		out = u.change(plan.Blocked, fmt.Sprintf("user %s was not made by gen3-bootstrap and its permissions boundary is %s, not %s",
			u.seen.ARN, orNone(u.seen.Boundary), u.Boundary), cure)
	}
	if u.carrier().attached() {
		return []plan.Change{out, u.attachment(plan.None, "as wanted")}
	}
	blocked := u.attachment(plan.Blocked, fmt.Sprintf("user %s was not made by gen3-bootstrap and policy %s is not attached to it", u.seen.ARN, u.PolicyARN))
	blocked.Hint = cure
	return []plan.Change{out, blocked}
}

func (u *User) boundaryDiffers() bool { return u.Boundary != "" && u.seen.Boundary != u.Boundary }

// setsBoundary reports whether Apply would set a permissions boundary that is not this very run's policy.
func (u *User) setsBoundary() bool {
	if u.Boundary == "" || u.Boundary == u.PolicyARN {
		return false
	}
	return u.seen == nil || u.boundaryDiffers() && (u.seen.Tags.ours() || u.Adopt)
}

func (u *User) change(action plan.Action, reason, cure string) plan.Change {
	return plan.Change{Step: UserStep, Resource: "iam-user/" + u.ARN(), Action: action, Reason: reason, Hint: cure}
}

func (u *User) attachment(action plan.Action, reason string) plan.Change {
	return plan.Change{Step: UserStep, Resource: "policy-attachment/" + u.Lookup.UserName + "/" + lastPart(u.PolicyARN), Action: action, Reason: reason}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
