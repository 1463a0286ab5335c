package awsfake_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestAccountSummaryTellsTheQuota(t *testing.T) {
	srv := awsfake.Start(t, awsfake.WithAttachedQuota(12), awsfake.WithTrustQuota(4096))
	out, err := admin(srv).iam.GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{})
	wantCode(t, err, "")
	for _, key := range []types.SummaryKeyType{types.SummaryKeyTypeAttachedPoliciesPerUserQuota, types.SummaryKeyTypeAttachedPoliciesPerRoleQuota} {
		if got := out.SummaryMap[string(key)]; got != 12 {
			t.Errorf("%s is %d", key, got)
		}
	}
	if got := out.SummaryMap[string(types.SummaryKeyTypeAssumeRolePolicySizeQuota)]; got != 4096 {
		t.Errorf("a trust policy may have %d characters", got)
	}
}
