package iamsetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func roleCalls(api *iam.Client, name string) Calls {
	return Calls{
		Step: RoleStep, Noun: "role", Name: name, Quota: types.SummaryKeyTypeAttachedPoliciesPerRoleQuota, Additions: roleAdditions(api, name),
		Attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return List(ctx, iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
				func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		Attach: func(ctx context.Context, policy string) error {
			return Failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		Detach: func(ctx context.Context, policy string) error {
			return Failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		Bound: func(ctx context.Context, policy string) error {
			return Failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &policy}))
		},
		Tag: func(ctx context.Context, tags []types.Tag) error {
			return Failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: tags}))
		},
		Untag: func(ctx context.Context, keys []string) error {
			return Failed(api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: keys}))
		},
		Remove: func(ctx context.Context) error {
			return Failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}))
		},
	}
}

// roleAdditions are all that keeps IAM from deleting a role, but for attached policies
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html).
func roleAdditions(api *iam.Client, role string) []Addition {
	return []Addition{
		{"inline policy", "delete-role-policy", "--policy-name", Listed(iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role}),
			func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })},
		{"instance profile", "remove-role-from-instance-profile", "--instance-profile-name", Listed(iam.NewListInstanceProfilesForRolePaginator(api, &iam.ListInstanceProfilesForRoleInput{RoleName: &role}),
			func(page *iam.ListInstanceProfilesForRoleOutput) []string {
				return Names(page.InstanceProfiles, func(p types.InstanceProfile) string { return aws.ToString(p.InstanceProfileName) })
			})},
	}
}
