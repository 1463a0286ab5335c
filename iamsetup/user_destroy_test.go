package iamsetup

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// The key of ours that --only leaves is not called somebody else's, nor unused when its last use was not read.
func TestOnlyTheUserSaysWhoseItsKeyIs(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	id := srv.Keys("es")[0].ID
	srv.SetKeyUsed(id, "secretsmanager", "us-east-1", time.Now())
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	key.Idle, policy.Idle = true, true
	_, err := destroy(t, user) // the keys were not looked at yet
	wantError(t, err, "could not be looked at")

	planned := func() []plan.Change {
		for _, r := range []remover{key, user} {
			_, err := r.PlanDestroy(t.Context())
			check(t, err)
		}
		return user.Judged()
	}
	changes := planned()
	if actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, id, "this namespace's own", "--only leaves", "teardown --only access-key --only iam-user")
	for _, wrong := range []string{"never used", "did not create", "delete-access-key", "run teardown again"} {
		if strings.Contains(reasons(changes), wrong) {
			t.Errorf("%q in %q", wrong, reasons(changes))
		}
	}

	foreign, err := srv.AddKey("es")
	check(t, err)
	_, err = api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(readAll)})
	check(t, err)
	changes = planned()
	wantReason(t, changes, "did not create", "inline policy inline", id+", which is this namespace's own", "--only access-key --only iam-user",
		"aws iam delete-access-key --user-name es --access-key-id "+foreign+"\n")
	if strings.Contains(reasons(changes), "delete-access-key --user-name es --access-key-id "+id) {
		t.Errorf("the key of ours is to be deleted by hand: %q", reasons(changes))
	}
}

// TestSharedUserStaysWhileItsKeysAreUnknown: its tags are what tells that a key is ours, and must not go before it.
func TestSharedUserStaysWhileItsKeysAreUnknown(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	before := srv.Snapshot()
	allow := srv.Fault(awsfake.Fault{Action: "ListAccessKeys", Kind: awsfake.AccessDenied})
	key, user, _ := userSteps(api, removal(api, "c1", "gen3"))
	_, err := key.PlanDestroy(t.Context())
	wantError(t, err, "list access keys of IAM user es")
	planned, err := user.PlanDestroy(t.Context())
	check(t, err)
	if actions(planned) != "blocked" || !key.Unknown() {
		t.Fatalf("got %+v", planned)
	}
	wantReason(t, planned, "could not be looked at", "iam:ListAccessKeys")
	_ = user.Destroy(t.Context(), event.Discard)
	if diff := cmp.Diff(before, srv.Snapshot()); diff != "" {
		t.Error(diff)
	}
	allow()
	key, user, _ = userSteps(api, removal(api, "c1", "gen3"))
	if made := mustDestroy(t, key, user); actions(made) != "delete update" {
		t.Errorf("made %+v", made)
	}
}

// TestKeysOfOthersNeedNoLastUse: whose they are is known, and they stay.
func TestKeysOfOthersNeedNoLastUse(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	_, err := srv.AddKey("es")
	check(t, err)
	srv.Fault(awsfake.Fault{Action: "GetAccessKeyLastUsed", Kind: awsfake.AccessDenied})
	key, user, _ := userSteps(api, removal(api, "c1", "gen3"))
	changes, err := key.PlanDestroy(t.Context())
	check(t, err)
	wantReason(t, changes, "no tag says that it is ours", "last use not known")
	if made := mustDestroy(t, key, user); actions(made) != "delete update" {
		t.Errorf("made %+v", made)
	}
}
