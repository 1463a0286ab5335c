package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// trustDefault is how many characters a trust policy may have in an account whose quota was not raised. White space does
// not count (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const trustDefault = 2048

// readTrustQuota asks for the account's quota when the default does not do. Where that may not be asked, a policy that is
// over the default tells that it was raised, and IAM has the last word.
func (r *Role) readTrustQuota(ctx context.Context) error {
	r.trustMax = trustDefault
	if r.seen == nil {
		return nil
	}
	next, why := r.merge(r.seen)
	wanted, err := next.JSON()
	if err != nil || len(why) == 0 || characters(wanted) <= trustDefault {
		return err
	}
	out, err := r.API.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if isDenied(err) {
		if now, err := r.seen.trust.JSON(); err == nil && characters(now) > trustDefault {
			r.trustMax = characters(wanted)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("get quota %s of the account: %w", types.SummaryKeyTypeAssumeRolePolicySizeQuota, err)
	}
	r.trustMax = max(trustDefault, int(out.SummaryMap[string(types.SummaryKeyTypeAssumeRolePolicySizeQuota)]))
	return nil
}
