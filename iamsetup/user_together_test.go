package iamsetup

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

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
	check(t, err)
	if owner != "" {
		_, err = api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: Tags{TagKey + id: owner}.List()})
		check(t, err)
	}
	return id
}

// TestTwoTeardownsOfOneUser: each plans while the other is there, and the second to come to its end finds itself the last.
func TestTwoTeardownsOfOneUser(t *testing.T) {
	for name, lag := range map[string]time.Duration{"one after the other": 0, "while IAM still lists the other's key": 400 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			srv, api := sharedUser(t)
			key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
			planned(t, "delete none update update", key, user, policy)
			otherKey, otherUser, otherPolicy := userSteps(api, removal(api, "c2", "gen3"))
			planned(t, "delete none update update", otherKey, otherUser, otherPolicy)
			srv.DelayVisibility(lag, false, awsfake.Keys)
			carryOut(t, otherKey, otherUser, otherPolicy, key, user, policy)
			wantSnapshot(t, srv, nil)
		})
	}
}

// TestKeyThatComesMeanwhile is in the way of the user's end, and nobody is told to delete what has an owner.
func TestKeyThatComesMeanwhile(t *testing.T) {
	for name, owner := range map[string]string{"nobody's": "", "another owner's": "c2/gen3"} {
		t.Run(name, func(t *testing.T) {
			srv, api := userAccount(t, "c1/gen3")
			key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
			planned(t, "delete delete delete", key, user, policy)
			id := enterKey(t, srv, api, owner)
			carryOut(t, key)
			err := user.Destroy(t.Context(), event.Discard)
			wantError(t, err, "access key "+id, "IAM user arn:aws:iam::"+testAccount+":user/es is kept")
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
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	planned(t, "delete none update update", key, user, policy)
	otherKey, otherUser, otherPolicy := userSteps(api, removal(api, "c2", "gen3"))
	planned(t, "delete none update update", otherKey, otherUser, otherPolicy)
	carryOut(t, key, otherKey)
	var done atomic.Bool
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase == awsfake.After && c.Action == "UntagUser" && done.CompareAndSwap(false, true) {
			name := "es"
			_, _ = api.UntagUser(context.WithoutCancel(t.Context()), &iam.UntagUserInput{UserName: &name, TagKeys: []string{TagOwner + "c2/gen3"}})
		}
	})
	carryOut(t, user, policy, otherUser, otherPolicy)
	wantSnapshot(t, srv, nil)
}
