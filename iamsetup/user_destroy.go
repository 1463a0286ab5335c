package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

type userRemovalAPI interface {
	obstacleAPI
	DetachUserPolicy(context.Context, *iam.DetachUserPolicyInput, ...func(*iam.Options)) (*iam.DetachUserPolicyOutput, error)
	DeleteUser(context.Context, *iam.DeleteUserInput, ...func(*iam.Options)) (*iam.DeleteUserOutput, error)
	UntagUser(context.Context, *iam.UntagUserInput, ...func(*iam.Options)) (*iam.UntagUserOutput, error)
}

var _ userRemovalAPI = (*iam.Client)(nil)

// UserRemoval takes the user away, when its keys of ours are gone. What somebody added to it by hand is never stripped:
// it is in the way, and said.
type UserRemoval struct {
	Removal

	API      userRemovalAPI
	Lookup   *UserLookup
	Keys     *KeyRemoval
	Policies []string // ARNs of those that this tool attaches

	seen     *UserSeen // nil: there is none
	attached []string  // of Policies
	todo     plan.Change
	failed   bool
}

// Judged is what the last look came to: Destroy's, once that was called.
func (u *UserRemoval) Judged() []plan.Change { return []plan.Change{u.todo} }

// Name is the step's name.
func (u *UserRemoval) Name() string { return UserStep }

// bearer implements Bearer.
func (u *UserRemoval) bearer() (string, hold) { return "user/" + u.Lookup.UserName, u.hold() }

func (u *UserRemoval) hold() hold {
	if u.failed {
		return holdStuck
	}
	switch u.fate() {
	case fateAbsent:
		return holdFree
	case fateForeign:
		return holdOutside
	case fateOthers, fateShared:
		return holdKept
	case fateLast:
		if u.Idle || u.todo.Action != plan.Delete {
			return holdStuck
		}
	}
	return holdFree
}

func (u *UserRemoval) fate() fate {
	if u.seen == nil {
		return fateAbsent
	}
	return u.fateOf(u.seen.Tags)
}

// PlanDestroy says what Destroy would do, given what the keys' removal said before. It only reads.
func (u *UserRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	u.failed = true // until this look has come to its end
	if err := u.look(ctx); err != nil {
		return nil, err
	}
	inWay, err := u.inWay(ctx)
	if err != nil {
		return nil, err
	}
	u.failed, u.todo = false, u.judge(inWay)
	return []plan.Change{u.todo}, nil
}

func (u *UserRemoval) look(ctx context.Context) error {
	return u.sure(ctx, "IAM user "+u.Lookup.UserName, func(ctx context.Context) (bool, error) {
		var err error
		if u.seen, err = u.Lookup.Get(ctx); u.seen == nil {
			u.Lookup.Forget() // also an error, which may be that of this look's own limit
		}
		return u.seen != nil, err
	})
}

// inWay lists what keeps the user from being deleted: what was added by hand, and keys that do not go.
func (u *UserRemoval) inWay(ctx context.Context) ([]obstacle, error) {
	u.attached = nil
	if u.fate() != fateLast {
		return nil, nil
	}
	var found obstacles
	if err := found.read(ctx, u.API, u.Lookup.UserName); err != nil {
		return nil, err
	}
	out := u.Keys.obstacles()
	for i, o := range out {
		if owner := u.seen.Tags[tagKey+o.name]; owner != "" {
			out[i].command = "# if " + owner + " is gone: " + teardownOf(owner, "--user-name", u.Lookup.UserName)
		}
	}
	for _, o := range found.all {
		if o.kind == attachedPolicy && slices.Contains(u.Policies, o.name) {
			u.attached = append(u.attached, o.name)
			continue
		}
		out = append(out, o)
	}
	return out, nil
}

func (u *UserRemoval) judge(inWay []obstacle) plan.Change {
	c := plan.Change{Step: UserStep, Resource: "iam-user/" + u.Lookup.UserName}
	f := u.fate()
	if f == fateAbsent {
		c.Action, c.Reason = u.describe(f, nil)
		return c
	}
	c.Resource = "iam-user/" + u.seen.ARN
	c.Action, c.Reason = u.describe(f, u.seen.Tags)
	switch mine := u.Keys.staying(); {
	case f == fateLast && len(inWay)+len(mine) > 0:
		c.Action = plan.Blocked
		c.Reason, c.More = u.leftFor(inWay, mine)
	case f == fateShared && u.Keys.Unknown():
		c.Action, c.Reason = plan.Blocked, fmt.Sprintf("the access keys of IAM user %s could not be looked at, and one may be this namespace's", u.seen.ARN)
		c.Hint = "allow iam:ListAccessKeys and iam:GetAccessKeyLastUsed, and run teardown again"
	case f == fateShared && len(mine) > 0:
		c.Action, c.Reason = plan.Blocked, fmt.Sprintf("IAM user %s still has access key %s of this namespace", u.seen.ARN, strings.Join(mine, ", "))
		c.Hint = "`" + u.teardownOfKeys() + "` removes it"
	}
	return c
}

// leftFor says why the user stays, and what helps: keys of ours go by this tool, all else by hand.
func (u *UserRemoval) leftFor(inWay []obstacle, mine []string) (reason string, cures []string) {
	var reasons []string
	if len(inWay) > 0 {
		reasons, cures = append(reasons, u.inWayText(inWay)), append(cures, commands(inWay)...)
	}
	switch keys := strings.Join(mine, ", "); {
	case len(mine) > 0 && u.Keys.Idle:
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and which --only leaves", u.seen.ARN, keys))
		cures = append(cures, "`"+u.teardownOfKeys("--only", UserStep)+"` removes both")
	case len(mine) > 0:
		reasons = append(reasons, fmt.Sprintf("IAM user %s has access key %s, which is this namespace's own and could not be removed", u.seen.ARN, keys))
	}
	switch {
	case len(inWay) > 0:
		cures = append(cures, "then run teardown again")
	case !u.Keys.Idle:
		cures = append(cures, "run teardown again")
	}
	return strings.Join(reasons, "; "), cures
}

func (u *UserRemoval) teardownOfKeys(more ...string) string {
	words := append([]string{"gen3-bootstrap", "teardown", "--only", KeyStep}, more...)
	return hint.Command(append(words, "--user-name", u.Lookup.UserName)...)
}

func (u *UserRemoval) inWayText(inWay []obstacle) string {
	names := make([]string, 0, len(inWay))
	for _, o := range inWay {
		names = append(names, o.String())
	}
	return fmt.Sprintf("IAM user %s is left as it is: it has what this tool did not make or does not remove: %s", u.seen.ARN, strings.Join(names, ", "))
}
