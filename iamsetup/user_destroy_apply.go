package iamsetup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Destroy looks again, since others may have taken the user or left it while its keys went, and does what there is to do,
// unless one of those keys failed to go.
func (u *UserRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	err := u.destroy(ctx, report{sink: sink, step: UserStep})
	u.failed = err != nil
	return err
}

func (u *UserRemoval) destroy(ctx context.Context, say report) error {
	if mine := u.Keys.staying(); len(mine) > 0 && (u.todo.Action == plan.Delete || u.todo.Action == plan.Update) {
		return fmt.Errorf("delete IAM user %s: it is left, as access key %s is still there", u.seen.ARN, strings.Join(mine, ", "))
	}
	if err := u.lookAgain(ctx, say); err != nil {
		return err
	}
	return unmake(ctx, say, u.todo, u.delete, u.leave)
}

// lookAgain judges by user and keys as they are now. A key that is in the way may be one that another owner has just
// deleted, which IAM still lists.
func (u *UserRemoval) lookAgain(ctx context.Context, say report) error {
	err := u.Pace.poll(ctx, u.Pace.Settle, func(ctx context.Context) (bool, error) {
		u.Lookup.Forget()
		if err := u.Keys.relook(ctx); err != nil {
			return false, err
		}
		if _, err := u.PlanDestroy(ctx); err != nil || u.fate() != fateLast || len(u.Keys.obstacles()) == 0 || u.Keys.Unknown() {
			return true, err
		}
		say.waiting("access keys of IAM user " + u.Lookup.UserName + " that others may have just deleted")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return nil // it is in the way, and said
	}
	return err
}

func (u *UserRemoval) delete(ctx context.Context, say report) error {
	name := u.Lookup.UserName
	for _, arn := range u.attached {
		err := u.gone(ctx, say, "detach IAM policy "+arn+" from user "+name, func(ctx context.Context) error {
			_, err := u.API.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn})
			return err // gone wraps
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
		return err // gone wraps
	})
	if err == nil {
		u.Lookup.Set(nil)
	}
	return err
}

// added says what somebody added to the user since it was looked at, without which a conflict is IAM's lag.
func (u *UserRemoval) added(ctx context.Context) error {
	if err := u.Keys.relook(ctx); err != nil {
		return nil // as below
	}
	inWay, err := u.inWay(ctx)
	if err != nil || len(inWay) == 0 {
		return nil // the conflict itself is reported in the end
	}
	return hint.With(errors.New(u.inWayText(inWay)), commands(inWay)...)
}

// leave takes this owner's tags off. Two owners may do so at the same time, each for the sake of the other: then nobody
// has the user any more, and it goes.
func (u *UserRemoval) leave(ctx context.Context, say report) error {
	name, keys := u.Lookup.UserName, u.ownerTags(u.seen.Tags)
	err := u.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
		return err // gone wraps
	})
	if err != nil {
		return err
	}
	if nobodys, err := u.abandons(ctx, say, "IAM user "+name, u.tagsNow); err != nil || !nobodys {
		return err
	}
	if err := u.lookAgain(ctx, say); err != nil {
		return err
	}
	if u.todo.Action == plan.Blocked { // nobody else is left who would remove it
		return hint.With(errors.New(u.todo.Reason), u.todo.Hint)
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
