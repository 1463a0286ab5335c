package user

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// The key of ours that --only leaves is not called somebody else's, nor unused when its last use was not read.
func TestOnlyTheUserSaysWhoseItsKeyIs(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	id := srv.Keys("es")[0].ID
	srv.SetKeyUsed(id, "secretsmanager", "us-east-1", time.Now())
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	key.LookOnly, policy.LookOnly = true, true
	_, err := iamtest.Destroy(t, user) // the keys were not looked at yet
	iamtest.WantError(t, err, "could not be looked at")

	planned := func() []plan.Change {
		for _, r := range []iamtest.Remover{key, user} {
			_, err := r.PlanDestroy(t.Context())
			iamtest.Check(t, err)
		}
		return user.Judged()
	}
	changes := planned()
	if iamtest.Actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, id, "this namespace's own", "--only leaves", "teardown --only access-key --only iam-user")
	for _, wrong := range []string{"never used", "did not create", "delete-access-key", "run teardown again"} {
		if strings.Contains(iamtest.Reasons(changes), wrong) {
			t.Errorf("%q in %q", wrong, iamtest.Reasons(changes))
		}
	}

	foreign, err := srv.AddKey("es")
	iamtest.Check(t, err)
	_, err = api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(iamtest.ReadAll)})
	iamtest.Check(t, err)
	changes = planned()
	iamtest.WantReason(t, changes, "did not create", "inline policy inline", id+", which is this namespace's own", "--only access-key --only iam-user",
		"aws iam delete-access-key --user-name es --access-key-id "+foreign+"\n")
	if strings.Contains(iamtest.Reasons(changes), "delete-access-key --user-name es --access-key-id "+id) {
		t.Errorf("the key of ours is to be deleted by hand: %q", iamtest.Reasons(changes))
	}
}

// TestSharedUserStaysWhileItsKeysAreUnknown: its tags are what tells that a key is ours, and must not go before it.
func TestSharedUserStaysWhileItsKeysAreUnknown(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	before := srv.Snapshot()
	allow := srv.Fault(awsfake.Fault{Action: "ListAccessKeys", Kind: awsfake.AccessDenied})
	key, user, _ := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	_, err := key.PlanDestroy(t.Context())
	iamtest.WantError(t, err, "list access keys of IAM user es")
	planned, err := user.PlanDestroy(t.Context())
	iamtest.Check(t, err)
	if iamtest.Actions(planned) != "blocked" || !key.Unknown() {
		t.Fatalf("got %+v", planned)
	}
	iamtest.WantReason(t, planned, "could not be looked at", "iam:ListAccessKeys")
	_ = user.Destroy(t.Context(), event.Discard)
	if diff := cmp.Diff(before, srv.Snapshot()); diff != "" {
		t.Error(diff)
	}
	allow()
	key, user, _ = userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	if made := iamtest.MustDestroy(t, key, user); iamtest.Actions(made) != "delete update" {
		t.Errorf("made %+v", made)
	}
}

// TestKeysOfOthersNeedNoLastUse: whose they are is known, and they stay.
func TestKeysOfOthersNeedNoLastUse(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	_, err := srv.AddKey("es")
	iamtest.Check(t, err)
	srv.Fault(awsfake.Fault{Action: "GetAccessKeyLastUsed", Kind: awsfake.AccessDenied})
	key, user, _ := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	changes, err := key.PlanDestroy(t.Context())
	iamtest.Check(t, err)
	iamtest.WantReason(t, changes, "no tag says that it is ours", "last use not known")
	if made := iamtest.MustDestroy(t, key, user); iamtest.Actions(made) != "delete update" {
		t.Errorf("made %+v", made)
	}
}
