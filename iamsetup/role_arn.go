package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// ErrDenied means that the caller may not read something, so that it may be there or not.
var ErrDenied = errors.New("the caller may not read it")

// RoleARN looks a role up by its name, since its path is part of its ARN and need not be the one that a run would give
// it. It returns "" when there is no such role, and ErrDenied.
func (a *AWS) RoleARN(ctx context.Context, name string) (string, error) {
	out, err := a.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case isAbsent(err):
		return "", nil
	case isDenied(err):
		return "", fmt.Errorf("get IAM role %s: %w: %w", name, ErrDenied, err)
	case err != nil:
		return "", fmt.Errorf("get IAM role %s: %w", name, err)
	}
	return aws.ToString(out.Role.Arn), nil
}
