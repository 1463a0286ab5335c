package iamsetup

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"
)

// roleObstacleAPI reads all that keeps IAM from deleting a role
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html).
type roleObstacleAPI interface {
	iam.ListAttachedRolePoliciesAPIClient
	iam.ListRolePoliciesAPIClient
	iam.ListInstanceProfilesForRoleAPIClient
}

const instanceProfile obstacleKind = "instance profile"

func (o *obstacles) readRole(ctx context.Context, api roleObstacleAPI, role string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, read := range []func(context.Context, roleObstacleAPI, string) error{o.rolePolicies, o.roleInline, o.profiles} {
		group.Go(func() error {
			err := read(ctx, api, role)
			if isAbsent(err) {
				return nil
			}
			return wrap("look what IAM role "+role+" has", err)
		})
	}
	err := group.Wait()
	slices.SortFunc(o.all, func(a, b obstacle) int { return strings.Compare(a.String(), b.String()) })
	return err // wrapped above
}

func (o *obstacles) rolePolicies(ctx context.Context, api roleObstacleAPI, role string) error {
	pages := iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // readRole wraps
		}
		for _, p := range page.AttachedPolicies {
			o.add(attachedPolicy, aws.ToString(p.PolicyArn), "detach-role-policy", "--role-name", role, "--policy-arn")
		}
	}
	return nil
}

func (o *obstacles) roleInline(ctx context.Context, api roleObstacleAPI, role string) error {
	pages := iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // readRole wraps
		}
		for _, name := range page.PolicyNames {
			o.add(inlinePolicy, name, "delete-role-policy", "--role-name", role, "--policy-name")
		}
	}
	return nil
}

func (o *obstacles) profiles(ctx context.Context, api roleObstacleAPI, role string) error {
	pages := iam.NewListInstanceProfilesForRolePaginator(api, &iam.ListInstanceProfilesForRoleInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // readRole wraps
		}
		for _, p := range page.InstanceProfiles {
			o.add(instanceProfile, aws.ToString(p.InstanceProfileName), "remove-role-from-instance-profile", "--role-name", role, "--instance-profile-name")
		}
	}
	return nil
}
