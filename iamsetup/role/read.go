package role

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// ARN looks a role up by its name, since its path is part of its ARN and need not be the one that a run would give
// it. It returns "" when there is no such role, and ErrDenied.
func ARN(ctx context.Context, api *iam.Client, name string) (string, error) {
	role, err := getRole(ctx, api, name)
	if role == nil {
		return "", iamsetup.MarkDenied(err)
	}
	return aws.ToString(role.Arn), nil
}

// OwnARN is ARN for a role that only a hint names, such as the record: it counts where the owner's tag stands on it.
func OwnARN(ctx context.Context, api *iam.Client, name string, o iamsetup.Owner) (string, error) {
	role, err := getRole(ctx, api, name)
	if role == nil || iamsetup.TagsOf(role.Tags)[iamsetup.TagOwner+o.String()] == "" {
		return "", iamsetup.MarkDenied(err)
	}
	return aws.ToString(role.Arn), nil
}

// Issuer returns the token issuer of the cluster for which an owner has a role, as the owner's tag on it says. It
// returns "" when there is no such role or tag, and ErrDenied.
func Issuer(ctx context.Context, api *iam.Client, name string, o iamsetup.Owner) (string, error) {
	role, err := getRole(ctx, api, name)
	if role == nil {
		return "", iamsetup.MarkDenied(err)
	}
	for issuer := range strings.FieldsSeq(iamsetup.TagsOf(role.Tags)[iamsetup.TagOwner+o.String()]) {
		if strings.HasPrefix(issuer, "https://") {
			return issuer, nil
		}
	}
	return "", nil
}

// Held reports whether there is such a role and it carries an owner's tag. ErrDenied is among the errors.
func Held(ctx context.Context, api *iam.Client, name string, o iamsetup.Owner) (bool, error) {
	role, err := getRole(ctx, api, name)
	return role != nil && iamsetup.TagsOf(role.Tags).OwnedBy(o), iamsetup.MarkDenied(err)
}

// roleSeen is a role as IAM shows it.
type roleSeen struct {
	arn    string
	bounds string // the ARN of its permissions boundary, or empty
	tags   iamsetup.Tags
	trust  trust
}

// readRole returns nil when there is no such role.
func readRole(ctx context.Context, api *iam.Client, account iamsetup.Account, name string) (*roleSeen, error) {
	role, err := getRole(ctx, api, name)
	if role == nil {
		return nil, err
	}
	seen := &roleSeen{arn: aws.ToString(role.Arn), tags: iamsetup.TagsOf(role.Tags)}
	if b := role.PermissionsBoundary; b != nil {
		seen.bounds = aws.ToString(b.PermissionsBoundaryArn)
	}
	if seen.trust, err = parseTrust(aws.ToString(role.AssumeRolePolicyDocument), account.ProviderARN); err != nil {
		return nil, fmt.Errorf("read IAM role %s: %w", name, err)
	}
	return seen, nil
}

func getRole(ctx context.Context, api *iam.Client, name string) (*types.Role, error) {
	out, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if iamsetup.IsAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM role %s: %w", name, err)
	}
	return out.Role, nil
}
