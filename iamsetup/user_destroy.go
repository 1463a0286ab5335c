package iamsetup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
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
	case f == fateLast && len(inWay) > 0:
		c.Action, c.Reason = plan.Blocked, u.inWayText(inWay)
		c.Hint = commands(inWay) + "\nthen run teardown again"
	case f == fateShared && len(mine) > 0:
		c.Action, c.Reason = plan.Blocked, fmt.Sprintf("IAM user %s still has access key %s of this namespace", u.seen.ARN, strings.Join(mine, ", "))
		c.Hint = "teardown --only access-key removes it"
	}
	return c
}

func (u *UserRemoval) inWayText(inWay []obstacle) string {
	names := make([]string, 0, len(inWay))
	for _, o := range inWay {
		names = append(names, o.String())
	}
	return fmt.Sprintf("IAM user %s is left as it is: it has what this tool did not make or does not remove: %s", u.seen.ARN, strings.Join(names, ", "))
}

// Destroy does what PlanDestroy said, unless the keys before it failed to go.
func (u *UserRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	err := u.destroy(ctx, report{sink: sink, step: UserStep})
	u.failed = err != nil
	return err
}

func (u *UserRemoval) destroy(ctx context.Context, say report) error {
	if mine := u.Keys.staying(); len(mine) > 0 && (u.todo.Action == plan.Delete || u.todo.Action == plan.Update) {
		return fmt.Errorf("delete IAM user %s: it is left, as access key %s is still there", u.seen.ARN, strings.Join(mine, ", "))
	}
	var err error
	switch u.todo.Action {
	case plan.Delete:
		err = u.delete(ctx, say)
	case plan.Update:
		err = u.leave(ctx, say)
	case plan.Blocked:
		return hint.With(errors.New(u.todo.Reason), u.todo.Hint)
	case plan.None, plan.Create, plan.Adopt:
		return nil
	}
	if err == nil {
		say.changed(u.todo)
	}
	return err
}

func (u *UserRemoval) delete(ctx context.Context, say report) error {
	name := u.Lookup.UserName
	for _, arn := range u.attached {
		err := u.gone(ctx, say, "detach IAM policy "+arn+" from user "+name, func(ctx context.Context) error {
			_, err := u.API.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn})
			return err //nolint:wrapcheck // gone wraps
		})
		if err != nil {
			return err
		}
	}
	err := u.gone(ctx, say, "delete IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name})
		if errorCode(err) == "DeleteConflict" {
			err = cmp.Or(u.added(ctx), err)
		}
		return err //nolint:wrapcheck // gone wraps
	})
	if err == nil {
		u.Lookup.Set(nil)
	}
	return err
}

// added says what somebody added to the user since it was looked at, without which a conflict is IAM's lag.
func (u *UserRemoval) added(ctx context.Context) error {
	inWay, err := u.inWay(ctx)
	if err != nil || len(inWay) == 0 {
		return nil //nolint:nilerr // the conflict itself is reported in the end
	}
	return hint.With(errors.New(u.inWayText(inWay)), commands(inWay))
}

// leave takes this owner's tags off. Two owners may do so at the same time, each for the sake of the other: then nobody
// has the user any more, and it goes.
func (u *UserRemoval) leave(ctx context.Context, say report) error {
	name, keys := u.Lookup.UserName, u.ownerTags(u.seen.Tags)
	err := u.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
		return err //nolint:wrapcheck // gone wraps
	})
	if err != nil {
		return err
	}
	if nobodys, err := u.abandons(ctx, say, "IAM user "+name, u.tagsNow); err != nil || !nobodys {
		return err
	}
	if inWay, err := u.inWay(ctx); err != nil || len(inWay) > 0 {
		return err
	}
	return u.delete(ctx, say)
}

func (u *UserRemoval) tagsNow(ctx context.Context) (Tags, error) {
	u.Lookup.Forget()
	seen, err := u.Lookup.Get(ctx)
	if err != nil || seen == nil {
		return nil, err
	}
	u.seen = seen
	return seen.Tags, nil
}
