package iamsetup

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// RoleARN looks a role up by its name, since its path is part of its ARN and need not be the one that a run would give
// it. It returns "" when there is no such role, and ErrDenied.
func (a *AWS) RoleARN(ctx context.Context, name string) (string, error) {
	role, err := a.role(ctx, name)
	if role == nil {
		return "", err // it names the role
	}
	return aws.ToString(role.Arn), nil
}

// OwnRoleARN is RoleARN for a role that only a hint names, such as the record: it counts where the owner's tag stands on it.
func (a *AWS) OwnRoleARN(ctx context.Context, name string, o Owner) (string, error) {
	role, err := a.role(ctx, name)
	if role == nil || TagsOf(role.Tags)[TagOwner+o.String()] == "" {
		return "", err // it names the role
	}
	return aws.ToString(role.Arn), nil
}

// RoleIssuer returns the token issuer of the cluster for which an owner has a role, as the owner's tag on it says. It
// returns "" when there is no such role or tag, and ErrDenied.
func (a *AWS) RoleIssuer(ctx context.Context, name string, o Owner) (string, error) {
	role, err := a.role(ctx, name)
	if role == nil {
		return "", err // it names the role
	}
	for issuer := range strings.FieldsSeq(TagsOf(role.Tags)[TagOwner+o.String()]) {
		if strings.HasPrefix(issuer, "https://") {
			return issuer, nil
		}
	}
	return "", nil
}

// role returns nil when there is none.
func (a *AWS) role(ctx context.Context, name string) (*types.Role, error) {
	role, err := getRole(ctx, a.IAM, name)
	return role, MarkDenied(err)
}
