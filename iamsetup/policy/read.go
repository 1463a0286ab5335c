package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// Held reports whether there is such a policy and it carries an owner's tag. ErrDenied is among the errors.
func Held(ctx context.Context, api *iam.Client, arn string, o iamsetup.Owner) (bool, error) {
	seen, err := get(ctx, api, arn)
	return seen != nil && iamsetup.TagsOf(seen.Tags).OwnedBy(o), iamsetup.MarkDenied(err)
}

// get returns nil when there is no such policy.
func get(ctx context.Context, api *iam.Client, arn string) (*types.Policy, error) {
	out, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if iamsetup.IsAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM policy %s: %w", arn, err)
	}
	return out.Policy, nil
}

// otherVersions are all but the default one.
func otherVersions(ctx context.Context, api *iam.Client, arn string) ([]types.PolicyVersion, error) {
	all, err := iamsetup.List(ctx, iam.NewListPolicyVersionsPaginator(api, &iam.ListPolicyVersionsInput{PolicyArn: &arn}),
		func(page *iam.ListPolicyVersionsOutput) []types.PolicyVersion { return page.Versions })
	if err != nil {
		return nil, fmt.Errorf("list versions of IAM policy %s: %w", arn, err)
	}
	return slices.DeleteFunc(all, func(v types.PolicyVersion) bool { return v.IsDefaultVersion }), nil
}
