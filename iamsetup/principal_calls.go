package iamsetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// calls are the calls by which a user and a role are written in the same way.
type calls struct {
	step  string
	noun  string // "user" or "role"
	name  string
	quota types.SummaryKeyType // of attached policies

	attached func(context.Context) ([]types.AttachedPolicy, error)
	attach   func(ctx context.Context, policy string) error
	detach   func(ctx context.Context, policy string) error
	bound    func(ctx context.Context, policy string) error
	tag      func(context.Context, []types.Tag) error
	untag    func(ctx context.Context, keys []string) error
	remove   func(context.Context) error

	additions []addition
}

func userCalls(api *iam.Client, name string) calls {
	return calls{
		step: UserStep, noun: "user", name: name, quota: types.SummaryKeyTypeAttachedPoliciesPerUserQuota, additions: userAdditions(api, name),
		attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return List(ctx, iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &name}),
				func(page *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		attach: func(ctx context.Context, policy string) error {
			return Failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		detach: func(ctx context.Context, policy string) error {
			return Failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		bound: func(ctx context.Context, policy string) error {
			return Failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &policy}))
		},
		tag: func(ctx context.Context, tags []types.Tag) error {
			return Failed(api.TagUser(ctx, &iam.TagUserInput{UserName: &name, Tags: tags}))
		},
		untag: func(ctx context.Context, keys []string) error {
			return Failed(api.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys}))
		},
		remove: func(ctx context.Context) error {
			return Failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name}))
		},
	}
}

func roleCalls(api *iam.Client, name string) calls {
	return calls{
		step: RoleStep, noun: "role", name: name, quota: types.SummaryKeyTypeAttachedPoliciesPerRoleQuota, additions: roleAdditions(api, name),
		attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return List(ctx, iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
				func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		attach: func(ctx context.Context, policy string) error {
			return Failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		detach: func(ctx context.Context, policy string) error {
			return Failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &policy}))
		},
		bound: func(ctx context.Context, policy string) error {
			return Failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &policy}))
		},
		tag: func(ctx context.Context, tags []types.Tag) error {
			return Failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: tags}))
		},
		untag: func(ctx context.Context, keys []string) error {
			return Failed(api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: keys}))
		},
		remove: func(ctx context.Context) error {
			return Failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}))
		},
	}
}

// String is what messages call it.
func (c calls) String() string { return "IAM " + c.noun + " " + c.name }

// flag names another one.
func (c calls) flag() string { return "--" + c.noun + "-name" }

// another says how this owner gets one of its own.
func (c calls) another() string { return "give this one a " + c.noun + " of its own with " + c.flag() }

// policies are the ARNs of what is attached to it: nothing where it is not there.
func (c calls) policies(ctx context.Context) ([]string, error) {
	attached, err := c.attached(ctx)
	if IsAbsent(err) {
		return nil, nil
	}
	return Names(attached, func(p types.AttachedPolicy) string { return aws.ToString(p.PolicyArn) }), Wrap("list policies of "+c.String(), err)
}
