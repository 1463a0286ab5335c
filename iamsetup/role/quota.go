package role

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// trustDefault is how many characters a trust policy may have in an account whose quota was not raised. White space does
// not count (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const trustDefault = 2048

// readTrustQuota asks for the account's quota when the default does not do. Where that may not be asked, a policy that is
// over the default tells that it was raised, and IAM has the last word.
func (r *Up) readTrustQuota(ctx context.Context) error {
	r.trustMax = trustDefault
	if r.seen == nil {
		return nil
	}
	next, why := r.merge(r.seen)
	wanted, err := next.characters()
	if err != nil || len(why) == 0 || wanted <= trustDefault {
		return err
	}
	quota, known, err := r.Quota(ctx, types.SummaryKeyTypeAssumeRolePolicySizeQuota, trustDefault)
	if now, _ := r.seen.trust.characters(); !known && now > trustDefault {
		quota = wanted
	}
	r.trustMax = quota
	return err
}
