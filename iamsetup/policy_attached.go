package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// attachedDefault is how many managed policies a user or role may have in an account whose quota was not raised.
const attachedDefault = 10

// attachments are the managed policies that a user or role has.
type attachments struct {
	arns  []string
	quota int // set when it has so many that no other can be attached
}

// add takes one page of a list.
func (a *attachments) add(page []types.AttachedPolicy) {
	for _, p := range page {
		a.arns = append(a.arns, aws.ToString(p.PolicyArn))
	}
}

// count asks for the account's quota when the default is reached. Where that may not be asked, more than the default
// tell that it was raised.
func (a *attachments) count(ctx context.Context, api *iam.Client, key types.SummaryKeyType) error {
	if len(a.arns) < attachedDefault {
		return nil
	}
	out, err := api.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil && !isDenied(err) {
		return fmt.Errorf("get quota %s of the account: %w", key, err)
	}
	quota := attachedDefault
	if err != nil && len(a.arns) > quota {
		return nil
	}
	if err == nil {
		quota = max(quota, int(out.SummaryMap[string(key)]))
	}
	if len(a.arns) >= quota {
		a.quota = quota
	}
	return nil
}

// boundaryGone reports that there is no policy of that ARN. Where that may not be asked, there may be one.
func boundaryGone(ctx context.Context, api *iam.Client, arn string) (bool, error) {
	_, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	switch {
	case err == nil, isDenied(err):
		return false, nil
	case isAbsent(err):
		return true, nil
	default:
		return false, fmt.Errorf("get permissions boundary %s: %w", arn, err)
	}
}
