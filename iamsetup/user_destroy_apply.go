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

// Destroy looks again, since somebody may have taken the user while its keys went, and does what there is to do, unless
// one of those keys failed to go.
func (u *UserRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	err := u.destroy(ctx, report{sink: sink, step: UserStep})
	u.failed = err != nil
	return err
}

func (u *UserRemoval) destroy(ctx context.Context, say report) error {
	if mine := u.Keys.staying(); len(mine) > 0 && (u.todo.Action == plan.Delete || u.todo.Action == plan.Update) {
		return fmt.Errorf("delete IAM user %s: it is left, as access key %s is still there", u.seen.ARN, strings.Join(mine, ", "))
	}
	u.Lookup.Forget()
	if _, err := u.PlanDestroy(ctx); err != nil {
		return err
	}
	return unmake(ctx, say, u.todo, u.delete, u.leave)
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
