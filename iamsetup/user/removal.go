package user

import (
	"context"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Keys is the removal of a user's access keys, which comes before that of the user.
type Keys interface {
	// Name is the name of its step.
	Name() string
	// Relook lists the keys again. Which of them go is not decided anew.
	Relook(ctx context.Context) error
	// Staying are keys of this owner's that are still there, or will be.
	Staying() []string
	// Obstacles are all other keys that do not go.
	Obstacles() []principal.Obstacle
	// Unknown reports that the keys could not be looked at.
	Unknown() bool
	// Doubtful reports that a key may be this owner's.
	Doubtful() bool
	// Spared reports that nothing of the keys is to go.
	Spared() bool
}

// Removal takes the user away, when its keys of ours are gone.
type Removal struct {
	iamsetup.Removal
	principal.Down

	Lookup   *principal.UserLookup
	Keys     Keys
	Policies []string // ARNs of those that this tool attaches
}

// Name is the step's name.
func (u *Removal) Name() string { return Step }

// Bearer implements Bearer.
func (u *Removal) Bearer() (string, iamsetup.Hold) {
	return "user/" + u.Lookup.UserName, u.Hold(u.Removal)
}

// Detach takes a policy off, for the removal of that policy.
func (u *Removal) Detach(ctx context.Context, say iamsetup.Report, r iamsetup.Removal, policyARN string) error {
	return u.on().DetachGone(ctx, say, r, policyARN)
}

// PlanDestroy says what Destroy would do, given what the keys' removal said before. It only reads.
func (u *Removal) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return u.Plan(ctx, u.Removal, u.leaver())
}

// Destroy looks again, since others may have taken the user or left it while its keys went, and does what there is to do,
// unless one of those keys failed to go.
func (u *Removal) Destroy(ctx context.Context, sink event.Sink) error {
	if mine := u.Keys.Staying(); len(mine) > 0 && plan.Pending(u.Judged()) {
		return u.Fail(fmt.Errorf("delete IAM user %s: it is kept, as access key %s is still there", u.ARN(), strings.Join(mine, ", ")))
	}
	return u.TakeAway(ctx, sink, u.Removal, u.leaver())
}

func (u *Removal) on() principal.Calls { return calls(u.API, u.Lookup.UserName) }

func (u *Removal) leaver() iamsetup.Leaver {
	l := u.Leaver(u.on())
	l.Read, l.Judge = u.read, u.judge
	l.Forget = func(ctx context.Context) error {
		u.Lookup.Forget()
		return u.Keys.Relook(ctx)
	}
	l.InWay = func() string {
		if u.Fate(u.Removal) != iamsetup.FateLast || len(u.Keys.Obstacles()) == 0 || u.Keys.Unknown() {
			return ""
		}
		return "access keys of IAM user " + u.Lookup.UserName + " that others may have just deleted"
	}
	l.Remove = func(ctx context.Context, say iamsetup.Report) error {
		err := u.RemoveFrom(ctx, say, u.Removal, u.on(), func(ctx context.Context) ([]principal.Obstacle, error) {
			if err := u.Keys.Relook(ctx); err != nil {
				return nil, err
			}
			return u.standing(ctx)
		})
		if err == nil {
			u.Lookup.Set(nil)
		}
		return err
	}
	return l
}

func (u *Removal) read(ctx context.Context) (iamsetup.Tags, error) {
	seen, err := u.Lookup.Get(ctx)
	if seen == nil {
		u.Lookup.Forget() // also an error, which may be that of this look's own limit
		return nil, err
	}
	u.Found(seen.ARN)
	return seen.Tags, nil
}

// standing is what was added by hand, and keys that do not go.
func (u *Removal) standing(ctx context.Context) ([]principal.Obstacle, error) {
	added, err := u.Standing(ctx, u.on(), u.Policies)
	out := u.Keys.Obstacles()
	for i, o := range out {
		if owner := u.Tags()[iamsetup.TagKey+o.Name]; owner != "" {
			out[i].Command = "# if " + owner + " is gone: " + iamsetup.TeardownOf(u.Invocation, owner, "--user-name", u.Lookup.UserName)
		}
	}
	return append(out, added...), err
}

func (u *Removal) judge(ctx context.Context, f iamsetup.Fate, c *plan.Change) error {
	mine := u.Keys.Staying()
	keys := strings.Join(mine, ", ")
	switch {
	case f == iamsetup.FateLast:
		all, err := u.standing(ctx)
		if err == nil && len(all)+len(mine) > 0 {
			*c = u.keptFor(*c, all, mine)
		}
		return err
	case f != iamsetup.FateShared:
	case u.Keys.Unknown():
		*c = iamsetup.Blocked(*c, fmt.Sprintf("the access keys of IAM user %s could not be looked at, and one may be this namespace's", u.ARN()),
			"allow iam:ListAccessKeys and iam:GetAccessKeyLastUsed, and run teardown again")
	case len(mine) > 0:
		*c = iamsetup.Blocked(*c, fmt.Sprintf("IAM user %s still has access key %s of this namespace", u.ARN(), keys), "`"+u.teardownOfKeys()+"` removes it")
	case u.Keys.Doubtful():
		*c = iamsetup.Blocked(*c, fmt.Sprintf("IAM user %s has an access key of which it cannot be told whether it is this namespace's", u.ARN()), "settle it as access-key says, and run teardown again")
	}
	return nil
}

// keptFor says why the user is kept, and what helps: keys of ours go by this tool, all else by hand.
func (u *Removal) keptFor(c plan.Change, all []principal.Obstacle, mine []string) plan.Change {
	var reasons, cures []string
	if len(all) > 0 {
		reasons, cures = append(reasons, u.InWay(c, u.on(), all).Reason), principal.Commands(all)
	}
	switch keys := strings.Join(mine, ", "); {
	case len(mine) > 0 && u.Keys.Spared():
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and which --only leaves", u.ARN(), keys))
		cures = append(cures, "`"+u.teardownOfKeys("--only", Step)+"` removes both")
	case len(mine) > 0:
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and could not be removed", u.ARN(), keys))
	}
	switch {
	case len(all) > 0:
		cures = append(cures, "then run teardown again")
	case !u.Keys.Spared():
		cures = append(cures, "run teardown again")
	}
	return iamsetup.Blocked(c, strings.Join(reasons, "; "), cures...)
}

func (u *Removal) teardownOfKeys(more ...string) string {
	words := append([]string{"teardown", "--only", u.Keys.Name()}, more...)
	return u.Invocation.Command(append(words, "--user-name", u.Lookup.UserName)...)
}
