package iamsetup

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Destroy looks again, since somebody may have taken the role meanwhile, and does what there is to do.
func (r *RoleRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	err := r.destroy(ctx, report{sink: sink, step: RoleStep})
	r.failed = err != nil
	return err
}

func (r *RoleRemoval) destroy(ctx context.Context, say report) error {
	if _, err := r.PlanDestroy(ctx); err != nil {
		return err
	}
	if err := r.outlast(ctx, say); err != nil {
		return err
	}
	return unmake(ctx, say, r.todo, r.delete, r.leave)
}

func (r *RoleRemoval) delete(ctx context.Context, say report) error {
	name := r.Role.RoleName
	for _, arn := range r.attached {
		err := r.gone(ctx, say, "detach IAM policy "+arn+" from role "+name, func(ctx context.Context) error {
			_, err := r.API.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
			return err // gone wraps
		})
		if err != nil {
			return err
		}
	}
	return r.gone(ctx, say, "delete IAM role "+name, func(ctx context.Context) error {
		_, err := r.API.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
		if errorCode(err) == "DeleteConflict" {
			err = cmp.Or(r.added(ctx), err)
		}
		return err // gone wraps
	})
}

// added says what somebody added to the role since it was looked at, without which a conflict is IAM's lag.
func (r *RoleRemoval) added(ctx context.Context) error {
	inWay, err := r.inWay(ctx)
	if err != nil || len(inWay) == 0 {
		return nil // the conflict itself is reported in the end
	}
	return hint.With(errors.New(r.inWayText(inWay)), commands(inWay)...)
}

// leave lets this owner out, and then takes its tag off. Two owners may do so at the same time, each for the sake of the
// other: then nobody has the role any more, and it goes.
func (r *RoleRemoval) leave(ctx context.Context, say report) error {
	wasShared := r.fate() == fateShared
	if err := r.letOut(ctx, say); err != nil {
		return err
	}
	keys := r.ownerTags(r.seen.tags)
	if len(keys) == 0 {
		return nil
	}
	err := r.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM role "+r.Role.RoleName, func(ctx context.Context) error {
		_, err := r.API.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.Role.RoleName, TagKeys: keys})
		return err // gone wraps
	})
	if err != nil || !wasShared {
		return err
	}
	owned := r.letIn(r.seen)
	if nobodys, err := r.abandons(ctx, say, "IAM role "+r.Role.RoleName, r.tagsNow); err != nil || !nobodys || len(withoutAll(r.seen.trust, owned).statements) > 0 {
		return err
	}
	if inWay, err := r.inWay(ctx); err != nil || len(inWay) > 0 {
		return err
	}
	return r.delete(ctx, say)
}

func (r *RoleRemoval) tagsNow(ctx context.Context) (Tags, error) {
	now, err := r.Role.read(ctx)
	if err != nil || now == nil {
		return nil, err
	}
	r.seen = now
	return now.tags, nil
}
