package principal

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// Rights are where a user's or role's permissions come from, as far as its managed policies go.
type Rights struct {
	Attached []string // policy ARNs
	Boundary string   // policy ARN, or empty
}

// RightsOf reads them for the ARN of a user, a role or a role's session, to explain a denial. ErrDenied is among the errors.
func RightsOf(ctx context.Context, api *iam.Client, arn string) (Rights, error) {
	rights, err := rightsOf(ctx, api, arn)
	if err != nil {
		return Rights{}, fmt.Errorf("read the policies of %s: %w", arn, iamsetup.MarkDenied(err))
	}
	return rights, nil
}

func rightsOf(ctx context.Context, api *iam.Client, arn string) (out Rights, err error) {
	name := iamsetup.LastPart(arn)
	if strings.Contains(arn, ":user/") {
		user, err := api.GetUser(ctx, &iam.GetUserInput{UserName: &name})
		if err != nil {
			return out, err // RightsOf says what it is about
		}
		if b := user.User.PermissionsBoundary; b != nil {
			out.Boundary = aws.ToString(b.PermissionsBoundaryArn)
		}
		list, err := iamsetup.List(ctx, iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &name}),
			func(page *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		out.Attached = policyARNs(list)
		return out, err
	}
	if _, session, ok := strings.Cut(arn, ":assumed-role/"); ok {
		name, _, _ = strings.Cut(session, "/")
	}
	role, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return out, err // RightsOf says what it is about
	}
	if b := role.Role.PermissionsBoundary; b != nil {
		out.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	list, err := iamsetup.List(ctx, iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
		func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
	out.Attached = policyARNs(list)
	return out, err
}

func policyARNs(list []types.AttachedPolicy) []string {
	return iamsetup.Names(list, func(p types.AttachedPolicy) string { return aws.ToString(p.PolicyArn) })
}
