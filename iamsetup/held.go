package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// UserHeld reports whether there is such a user and it carries an owner's tag. ErrDenied is among the errors.
func (a *AWS) UserHeld(ctx context.Context, name string, o Owner) (bool, error) {
	out, err := a.IAM.GetUser(ctx, &iam.GetUserInput{UserName: &name})
	if err != nil {
		return false, unlessAbsent("IAM user "+name, err)
	}
	return ownedBy(out.User.Tags, o), nil
}

// RoleHeld is UserHeld of a role.
func (a *AWS) RoleHeld(ctx context.Context, name string, o Owner) (bool, error) {
	role, err := a.role(ctx, name)
	return role != nil && ownedBy(role.Tags, o), err // it names the role
}

// PolicyHeld is UserHeld of a managed policy.
func (a *AWS) PolicyHeld(ctx context.Context, arn string, o Owner) (bool, error) {
	out, err := a.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return false, unlessAbsent("IAM policy "+arn, err)
	}
	return ownedBy(out.Policy.Tags, o), nil
}

func ownedBy(tags []types.Tag, o Owner) bool {
	_, ok := TagsOf(tags)[TagOwner+o.String()]
	return ok
}

// unlessAbsent lets it pass that something is not there, which is an answer here and no failure.
func unlessAbsent(what string, err error) error {
	switch {
	case IsAbsent(err):
		return nil
	case IsDenied(err):
		return fmt.Errorf("get %s: %w: %w", what, ErrDenied, err)
	default:
		return fmt.Errorf("get %s: %w", what, err)
	}
}
