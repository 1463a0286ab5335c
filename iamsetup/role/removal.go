package role

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Removal lets this owner's ServiceAccounts out of the role, and takes the role away with its last owner. One that its
// trust policy opens to somebody else as well is kept, and said.
type Removal struct {
	iamsetup.Removal
	principal.Down

	RoleName string
	Policies []string // ARNs of those that this tool attaches

	seen  *roleSeen // nil: there is none
	owned []Trusted // whom it lets in on behalf of this owner, as its tag said before it was taken off
	open  bool      // others that this tool does not know of use it
}

// Name is the step's name.
func (r *Removal) Name() string { return Step }

// Bearer implements Bearer.
func (r *Removal) Bearer() (string, iamsetup.Hold) {
	h := r.Hold(r.Removal)
	if r.open && h != iamsetup.HoldFree && !r.Failed() {
		h = iamsetup.HoldOutside
	}
	return "role/" + r.RoleName, h
}

// KeepsTrusting reports whether the role is kept, and its trust policy still lets in somebody with a token of the issuer.
func (r *Removal) KeepsTrusting(issuer string) bool {
	if r.seen == nil || r.Judged()[0].Action == plan.Delete {
		return false
	}
	rest := r.seen.trust
	if !r.LookOnly {
		rest = rest.without(r.owned...)
	}
	return slices.ContainsFunc(rest.named(), func(who Trusted) bool { return who.Issuer == issuer })
}

// Called is the name of the role.
func (r *Removal) Called() string { return r.RoleName }

// Detach takes a policy off, for the removal of that policy.
func (r *Removal) Detach(ctx context.Context, say iamsetup.Report, terms iamsetup.Removal, policyARN string) error {
	return r.on().DetachGone(ctx, say, terms, policyARN)
}

// PlanDestroy says what Destroy would do. It only reads.
func (r *Removal) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return r.Plan(ctx, r.Removal, r.leaver())
}

// Destroy looks again, since somebody may have taken the role meanwhile, and does what there is to do.
func (r *Removal) Destroy(ctx context.Context, sink event.Sink) error {
	return r.TakeAway(ctx, sink, r.Removal, r.leaver())
}

func (r *Removal) on() principal.Calls { return calls(r.API, r.RoleName) }

func (r *Removal) leaver() iamsetup.Leaver {
	l := r.Leaver(r.on())
	l.Read, l.Judge, l.LetOut = r.read, r.judge, r.letOut
	l.InWay = func() string { // they take their part out of the trust policy before their tag
		if !r.stranded() {
			return ""
		}
		return "the tags of " + strings.Join(r.Tags().OtherOwners(r.Owner), ", ") + " to go from IAM role " + r.RoleName
	}
	l.Remove = func(ctx context.Context, say iamsetup.Report) error {
		return r.RemoveFrom(ctx, say, r.Removal, r.on(), func(ctx context.Context) ([]principal.Obstacle, error) { return r.Standing(ctx, r.on(), r.Policies) })
	}
	return l
}

func (r *Removal) read(ctx context.Context) (_ iamsetup.Tags, err error) {
	r.open = false
	if r.seen, err = readRole(ctx, r.API, r.Account, r.RoleName); r.seen == nil {
		return nil, err
	}
	r.Found(r.seen.arn)
	if r.seen.tags.OwnedBy(r.Owner) {
		r.owned = slices.DeleteFunc(r.seen.trust.named(), func(who Trusted) bool { return !prove(r.seen.tags, r.Owner, who) })
	}
	return r.seen.tags, nil
}

func (r *Removal) judge(ctx context.Context, f iamsetup.Fate, c *plan.Change) error {
	rest := r.seen.trust.without(r.owned...)
	switch {
	case r.stranded():
		*c = r.strandedChange(*c)
	case f == iamsetup.FateShared:
		c.Reason = "only the subjects and tags of this namespace are removed: " + r.SharedWith(r.Tags())
	case f != iamsetup.FateLast:
	case len(rest.statements) > 0:
		r.open = true
		c.Action, c.Reason = plan.None, "kept: its trust policy also lets in others"
		if len(r.OwnerTags(r.Tags())) > 0 || len(rest.statements) != len(r.seen.trust.statements) {
			c.Action, c.Reason = plan.Update, c.Reason+"; only this namespace is removed from it"
		}
		r.Warn(fmt.Sprintf("IAM role %s is kept, since its trust policy lets in others than this tool knows of; `%s` shows whom",
			r.ARN(), hint.Command("aws", "iam", "get-role", "--role-name", r.RoleName)))
	default:
		all, err := r.Standing(ctx, r.on(), r.Policies)
		if err != nil || len(all) == 0 {
			return err
		}
		*c = r.InWay(*c, r.on(), all)
		c.More = append(c.More, "then run teardown again")
	}
	return nil
}

// stranded reports that the role is shared by its tags, while its trust policy lets in this owner alone: IAM takes no
// policy without a statement, so that this owner can only be let out with the role.
func (r *Removal) stranded() bool {
	return r.Fate(r.Removal) == iamsetup.FateShared && r.seen.trust.holds(r.owned...) && len(r.seen.trust.without(r.owned...).statements) == 0
}

func (r *Removal) strandedChange(c plan.Change) plan.Change {
	others := r.Tags().OtherOwners(r.Owner)
	lines := iamsetup.Names(others, func(owner string) string {
		cluster, _, _ := strings.Cut(owner, "/")
		return fmt.Sprintf("if cluster %s is gone: `%s`", cluster, iamsetup.TeardownOf(r.Invocation, owner, "--role-name", r.RoleName))
	})
	return iamsetup.Blocked(c, fmt.Sprintf("IAM role %s lets in nobody but this namespace, and IAM takes no trust policy that is empty; the role itself is kept, as it carries the tags of %s",
		r.ARN(), strings.Join(others, ", ")), append(lines, "then run teardown again")...)
}

// letOut takes this owner out of the trust policy. A policy that would have no statement is not written: whoever deletes the role deletes it too.
func (r *Removal) letOut(ctx context.Context, say iamsetup.Report) error {
	edit := trustEdit{
		API: r.API, Account: r.Account, Pace: r.Pace, RoleName: r.RoleName, Guard: r.Guard, what: "let this namespace out of IAM role " + r.RoleName,
	}
	return edit.write(ctx, say, func(seen *roleSeen) (trust, bool) {
		next := seen.trust.without(r.owned...)
		return next, len(next.statements) > 0 && seen.trust.holds(r.owned...)
	})
}
