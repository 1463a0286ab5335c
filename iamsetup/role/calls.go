package role

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
)

func calls(api *iam.Client, name string) principal.Calls {
	return principal.Calls{
		Step: Step, Noun: "role", Name: name, Quota: types.SummaryKeyTypeAttachedPoliciesPerRoleQuota, Additions: additions(api, name),
		Attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return iamsetup.List(ctx, iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
				func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		Attach: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		Detach: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		Bound: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &policy}))
		},
		Tag: func(ctx context.Context, tags []types.Tag) error {
			return iamsetup.Failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: tags}))
		},
		Untag: func(ctx context.Context, keys []string) error {
			return iamsetup.Failed(api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: keys}))
		},
		Remove: func(ctx context.Context) error {
			return iamsetup.Failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}))
		},
	}
}

// additions are all that keeps IAM from deleting a role, but for attached policies
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html).
func additions(api *iam.Client, role string) []principal.Addition {
	return []principal.Addition{
		{Kind: "inline policy", Command: "delete-role-policy", Flag: "--policy-name", List: principal.Listed(iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role}),
			func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })},
		{Kind: "instance profile", Command: "remove-role-from-instance-profile", Flag: "--instance-profile-name", List: principal.Listed(iam.NewListInstanceProfilesForRolePaginator(api, &iam.ListInstanceProfilesForRoleInput{RoleName: &role}),
			func(page *iam.ListInstanceProfilesForRoleOutput) []string {
				return iamsetup.Names(page.InstanceProfiles, func(p types.InstanceProfile) string { return aws.ToString(p.InstanceProfileName) })
			})},
	}
}
