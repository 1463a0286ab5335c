package user

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// sharedUser is userAccount with a key for each of its two owners.
func sharedUser(t *testing.T) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	enterKey(t, srv, api, "c2/gen3")
	return srv, api
}

// enterKey makes a key of the user for an owner; "" for nobody.
func enterKey(t *testing.T, srv *awsfake.Server, api *iam.Client, owner string) string {
	t.Helper()
	id, err := srv.AddKey("es")
	iamtest.Check(t, err)
	if owner != "" {
		_, err = api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: iamsetup.Tags{iamsetup.TagKey + id: owner}.List()})
		iamtest.Check(t, err)
	}
	return id
}

// TestTwoTeardownsOfOneUser: each plans while the other is there, and the second to come to its end finds itself the last.
func TestTwoTeardownsOfOneUser(t *testing.T) {
	for name, lag := range map[string]time.Duration{"one after the other": 0, "while IAM still lists the other's key": 400 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			srv, api := sharedUser(t)
			key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
			iamtest.WantPlan(t, "delete none update update", key, user, policy)
			otherKey, otherUser, otherPolicy := userSteps(api, iamtest.Removing(api, "c2", "gen3"))
			iamtest.WantPlan(t, "delete none update update", otherKey, otherUser, otherPolicy)
			srv.DelayVisibility(lag, false, awsfake.Keys)
			iamtest.CarryOut(t, otherKey, otherUser, otherPolicy, key, user, policy)
			iamtest.WantSnapshot(t, srv, nil)
		})
	}
}

// TestKeyThatComesMeanwhile is in the way of the user's end, and nobody is told to delete what has an owner.
func TestKeyThatComesMeanwhile(t *testing.T) {
	for name, owner := range map[string]string{"nobody's": "", "another owner's": "c2/gen3"} {
		t.Run(name, func(t *testing.T) {
			srv, api := userAccount(t, "c1/gen3")
			key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
			iamtest.WantPlan(t, "delete delete delete", key, user, policy)
			id := enterKey(t, srv, api, owner)
			iamtest.CarryOut(t, key)
			err := user.Destroy(t.Context(), event.Discard)
			iamtest.WantError(t, err, "access key "+id, "IAM user arn:aws:iam::"+iamtest.AccountID+":user/es is kept")
			if keys := srv.Keys("es"); len(keys) != 1 || keys[0].ID != id {
				t.Errorf("keys %v", keys)
			}
			if advised := strings.Contains(hint.Of(err), "delete-access-key"); advised != (owner == "") {
				t.Errorf("hint %q", hint.Of(err))
			}
		})
	}
}

// TestLastOwnersWithKeysLeaveTogether: each took its key away, and then its tag for the sake of the other.
func TestLastOwnersWithKeysLeaveTogether(t *testing.T) {
	srv, api := sharedUser(t)
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.WantPlan(t, "delete none update update", key, user, policy)
	otherKey, otherUser, otherPolicy := userSteps(api, iamtest.Removing(api, "c2", "gen3"))
	iamtest.WantPlan(t, "delete none update update", otherKey, otherUser, otherPolicy)
	iamtest.CarryOut(t, key, otherKey)
	var done atomic.Bool
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase == awsfake.After && c.Action == "UntagUser" && done.CompareAndSwap(false, true) {
			name := "es"
			_, _ = api.UntagUser(context.WithoutCancel(t.Context()), &iam.UntagUserInput{UserName: &name, TagKeys: []string{iamsetup.TagOwner + "c2/gen3"}})
		}
	})
	iamtest.CarryOut(t, user, policy, otherUser, otherPolicy)
	iamtest.WantSnapshot(t, srv, nil)
}

func TestUserThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.WantPlan(t, "delete delete delete", key, user, policy)
	other := iamsetup.Tags{iamsetup.TagOwner + "c2/gen3": ""}.List()
	_, err := api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: other})
	iamtest.Check(t, err)
	_, err = api.TagPolicy(t.Context(), &iam.TagPolicyInput{PolicyArn: aws.String(iamtest.PolicyARN), Tags: other})
	iamtest.Check(t, err)
	iamtest.CarryOut(t, key, user, policy)
	left := srv.Snapshot()
	for _, name := range []string{"user/es", "user/es/tag/" + iamsetup.TagOwner + "c2/gen3", "user/es/attached/" + iamtest.PolicyARN} {
		if _, ok := left[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
	if _, ok := left["user/es/tag/"+iamsetup.TagOwner+"c1/gen3"]; ok {
		t.Error("the tag of the owner that left is still there")
	}
}

func TestUserThatSomebodyElseTakesOverMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.WantPlan(t, "delete delete delete", key, user, policy)
	_, err := api.UntagUser(t.Context(), &iam.UntagUserInput{UserName: aws.String("es"), TagKeys: []string{iamsetup.TagManagedBy}})
	iamtest.Check(t, err)
	iamtest.CarryOut(t, key, user, policy)
	if _, ok := srv.Snapshot()["user/es/attached/"+iamtest.PolicyARN]; !ok {
		t.Error("a user without our mark was changed")
	}
}
