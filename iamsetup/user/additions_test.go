package user

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// TestAdditionsThatCannotBeLookedAt: IAM itself refuses to delete what still has any, so that nothing is lost by trying.
func TestAdditionsThatCannotBeLookedAt(t *testing.T) {
	for name, blinded := range iamtest.Blinded() {
		t.Run(name, func(t *testing.T) {
			srv, api := userAccount(t, "c1/gen3")
			api = blinded(srv, api, "ListServiceSpecificCredentials")
			key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
			iamtest.MustDestroy(t, key, user, policy)
			iamtest.WantSnapshot(t, srv, nil)
			iamtest.WantWarning(t, user.Warnings(), "service-specific credential of IAM user es could not be looked for")
		})
	}
}

// TestAdditionThatIsThereAllTheSame is told by IAM.
func TestAdditionThatIsThereAllTheSame(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	_, err := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(iamtest.ReadAll)})
	iamtest.Check(t, err)
	srv.Fault(awsfake.Fault{Action: "ListUserPolicies", Kind: awsfake.AccessDenied})
	r := iamtest.Removing(api, "c1", "gen3")
	r.Pace.Settle = 50 * time.Millisecond
	key, user, policy := userSteps(api, r)
	_, err = iamtest.Destroy(t, key, user, policy)
	iamtest.WantError(t, err, "delete IAM user es", "DeleteConflict")
	if left := srv.Snapshot(); left["user/es/inline/inline"] == "" {
		t.Errorf("left %v", left)
	}
	iamtest.WantWarning(t, user.Warnings(), "inline policy of IAM user es could not be looked for")
}
