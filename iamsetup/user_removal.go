package iamsetup

import (
	"context"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// UserRemoval takes the user away, when its keys of ours are gone.
type UserRemoval struct {
	Removal
	principalDown

	Lookup   *UserLookup
	Keys     *KeyRemoval
	Policies []string // ARNs of those that this tool attaches
}

// Name is the step's name.
func (u *UserRemoval) Name() string { return UserStep }

// Bearer implements Bearer.
func (u *UserRemoval) Bearer() (string, Hold) { return "user/" + u.Lookup.UserName, u.Hold(u.Removal) }

// PlanDestroy says what Destroy would do, given what the keys' removal said before. It only reads.
func (u *UserRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return u.Plan(ctx, u.Removal, u.leaver())
}

// Destroy looks again, since others may have taken the user or left it while its keys went, and does what there is to do,
// unless one of those keys failed to go.
func (u *UserRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if mine := u.Keys.staying(); len(mine) > 0 && plan.Pending(u.Judged()) {
		u.failed = true
		return fmt.Errorf("delete IAM user %s: it is kept, as access key %s is still there", u.arn, strings.Join(mine, ", "))
	}
	return u.TakeAway(ctx, sink, u.Removal, u.leaver())
}

func (u *UserRemoval) on() calls { return userCalls(u.API, u.Lookup.UserName) }

func (u *UserRemoval) leaver() Leaver {
	l := u.principalDown.leaver(u.on())
	l.Read, l.Judge = u.read, u.judge
	l.Forget = func(ctx context.Context) error {
		u.Lookup.Forget()
		return u.Keys.relook(ctx)
	}
	l.InWay = func() string {
		if u.Fate(u.Removal) != FateLast || len(u.Keys.obstacles()) == 0 || u.Keys.Unknown() {
			return ""
		}
		return "access keys of IAM user " + u.Lookup.UserName + " that others may have just deleted"
	}
	l.Remove = func(ctx context.Context, say Report) error {
		err := u.removeFrom(ctx, say, u.Removal, u.on(), func(ctx context.Context) ([]Obstacle, error) {
			if err := u.Keys.relook(ctx); err != nil {
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

func (u *UserRemoval) read(ctx context.Context) (Tags, error) {
	seen, err := u.Lookup.Get(ctx)
	if seen == nil {
		u.Lookup.Forget() // also an error, which may be that of this look's own limit
		return nil, err
	}
	u.arn = seen.ARN
	return seen.Tags, nil
}

// standing is what was added by hand, and keys that do not go.
func (u *UserRemoval) standing(ctx context.Context) ([]Obstacle, error) {
	added, err := u.principalDown.standing(ctx, u.on(), u.Policies)
	out := u.Keys.obstacles()
	for i, o := range out {
		if owner := u.Tags()[TagKey+o.name]; owner != "" {
			out[i].command = "# if " + owner + " is gone: " + TeardownOf(u.Invocation, owner, "--user-name", u.Lookup.UserName)
		}
	}
	return append(out, added...), err
}

func (u *UserRemoval) judge(ctx context.Context, f Fate, c *plan.Change) error {
	mine := u.Keys.staying()
	keys := strings.Join(mine, ", ")
	switch {
	case f == FateLast:
		all, err := u.standing(ctx)
		if err == nil && len(all)+len(mine) > 0 {
			*c = u.keptFor(*c, all, mine)
		}
		return err
	case f != FateShared:
	case u.Keys.Unknown():
		*c = Blocked(*c, fmt.Sprintf("the access keys of IAM user %s could not be looked at, and one may be this namespace's", u.arn),
			"allow iam:ListAccessKeys and iam:GetAccessKeyLastUsed, and run teardown again")
	case len(mine) > 0:
		*c = Blocked(*c, fmt.Sprintf("IAM user %s still has access key %s of this namespace", u.arn, keys), "`"+u.teardownOfKeys()+"` removes it")
	case u.Keys.doubtful():
		*c = Blocked(*c, fmt.Sprintf("IAM user %s has an access key of which it cannot be told whether it is this namespace's", u.arn), "settle it as access-key says, and run teardown again")
	}
	return nil
}

// keptFor says why the user is kept, and what helps: keys of ours go by this tool, all else by hand.
func (u *UserRemoval) keptFor(c plan.Change, all []Obstacle, mine []string) plan.Change {
	var reasons, cures []string
	if len(all) > 0 {
		reasons, cures = append(reasons, u.inWay(c, u.on(), all).Reason), commands(all)
	}
	switch keys := strings.Join(mine, ", "); {
	case len(mine) > 0 && u.Keys.Idle:
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and which --only leaves", u.arn, keys))
		cures = append(cures, "`"+u.teardownOfKeys("--only", UserStep)+"` removes both")
	case len(mine) > 0:
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and could not be removed", u.arn, keys))
	}
	switch {
	case len(all) > 0:
		cures = append(cures, "then run teardown again")
	case !u.Keys.Idle:
		cures = append(cures, "run teardown again")
	}
	return Blocked(c, strings.Join(reasons, "; "), cures...)
}

func (u *UserRemoval) teardownOfKeys(more ...string) string {
	words := append([]string{"teardown", "--only", KeyStep}, more...)
	return u.Invocation.Command(append(words, "--user-name", u.Lookup.UserName)...)
}
