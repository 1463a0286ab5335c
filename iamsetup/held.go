package iamsetup

import (
	"context"
)

// UserHeld reports whether there is such a user and it carries an owner's tag. ErrDenied is among the errors.
func (a *AWS) UserHeld(ctx context.Context, name string, o Owner) (bool, error) {
	seen, err := (&UserLookup{API: a.IAM, UserName: name}).Get(ctx)
	return seen != nil && seen.Tags.OwnedBy(o), MarkDenied(err)
}

// RoleHeld is UserHeld of a role.
func (a *AWS) RoleHeld(ctx context.Context, name string, o Owner) (bool, error) {
	role, err := getRole(ctx, a.IAM, name)
	return role != nil && TagsOf(role.Tags).OwnedBy(o), MarkDenied(err)
}

// PolicyHeld is UserHeld of a managed policy.
func (a *AWS) PolicyHeld(ctx context.Context, arn string, o Owner) (bool, error) {
	seen, err := getPolicy(ctx, a.IAM, arn)
	return seen != nil && TagsOf(seen.Tags).OwnedBy(o), MarkDenied(err)
}
