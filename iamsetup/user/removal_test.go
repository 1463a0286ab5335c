package user

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// userSteps are the removals of one user with its policy.
func userSteps(srv *iam.Client, r iamsetup.Removal) (*accesskey.Removal, *Removal, *policy.Removal) {
	lookup := &principal.UserLookup{API: srv, UserName: "es"}
	key := &accesskey.Removal{Removal: r, AWS: &iamsetup.AWS{IAM: srv, Clock: iamsetup.NewClock(time.Now)}, Lookup: lookup}
	user := &Removal{Removal: r, Lookup: lookup, Keys: key, Policies: []string{iamtest.PolicyARN}}
	return key, user, &policy.Removal{Removal: r, ARN: iamtest.PolicyARN, Bearers: []policy.Bearer{user}}
}

// userAccount has the user es with the policy read, made for each of the owners, and a key for the first.
func userAccount(t *testing.T, owners ...string) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv, api := iamtest.Start(t)
	tags := map[string]string{iamsetup.TagManagedBy: iamsetup.ManagedBy}
	for _, o := range owners {
		tags[iamsetup.TagOwner+o] = ""
	}
	policy, err := srv.AddPolicy("read", iamtest.ReadAll, tags)
	iamtest.Check(t, err)
	user, err := srv.AddUser("es", tags)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach(user, policy))
	id, err := srv.AddKey("es")
	iamtest.Check(t, err)
	_, err = api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: iamsetup.Tags{iamsetup.TagKey + id: owners[0]}.List()})
	iamtest.Check(t, err)
	return srv, api
}

func TestUserGoesWithKeyAndPolicy(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	for i := range 3 {
		_, err := api.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
			PolicyArn: aws.String(iamtest.PolicyARN), PolicyDocument: aws.String(iamtest.ReadAll), SetAsDefault: i == 1,
		})
		iamtest.Check(t, err)
	}
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	if made := iamtest.MustDestroy(t, key, user, policy); iamtest.Actions(made) != "delete delete delete" {
		t.Errorf("made %+v", made)
	}
	iamtest.WantSnapshot(t, srv, nil)
	srv.ResetCalls()
	key, user, policy = userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy)
	iamtest.WantNoWrites(t, srv)
}

func TestUserOfTwoOwners(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	foreign, err := srv.AddKey("es")
	iamtest.Check(t, err)
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy)
	left := srv.Snapshot()
	for name := range left {
		if strings.Contains(name, "c1/gen3") || strings.HasPrefix(name, "user/es/tag/"+iamsetup.TagKey) {
			t.Errorf("kept: %s", name)
		}
	}
	if keys := srv.Keys("es"); len(keys) != 1 || keys[0].ID != foreign {
		t.Errorf("keys %v", keys)
	}
	if _, ok := left["user/es/attached/arn:aws:iam::"+iamtest.AccountID+":policy/read"]; !ok {
		t.Error("the other owner's policy was detached")
	}
	wrong, user, policy := userSteps(api, iamtest.Removing(api, "c3", "gen3"))
	iamtest.MustDestroy(t, wrong, user, policy)
	iamtest.WantSnapshot(t, srv, left)
}

// A policy of this owner alone, on a user that another one shares: the policy goes, the user stays.
func TestPolicyLeavesSharedUser(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	_, err := api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: iamsetup.Tags{iamsetup.TagOwner + "c2/gen3": ""}.List()})
	iamtest.Check(t, err)
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy)
	for name := range srv.Snapshot() {
		if strings.HasPrefix(name, "policy/") || strings.Contains(name, "/attached/") {
			t.Errorf("kept: %s", name)
		}
	}
	if srv.Snapshot()["user/es"] == "" {
		t.Error("the user is gone")
	}
}

// Two owners leave at the same time, each for the sake of the other.
func TestLastOwnersLeaveTogether(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	both := map[string]string{"UntagUser": "es", "UntagPolicy": iamtest.PolicyARN}
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase != awsfake.After || both[c.Action] != c.Object || c.N > 2 {
			return
		}
		object := both[c.Action]
		delete(both, c.Action) // not for its own call
		keys := []string{iamsetup.TagOwner + "c2/gen3"}
		if c.Action == "UntagUser" {
			_, _ = api.UntagUser(context.WithoutCancel(t.Context()), &iam.UntagUserInput{UserName: &object, TagKeys: keys})
		} else {
			_, _ = api.UntagPolicy(context.WithoutCancel(t.Context()), &iam.UntagPolicyInput{PolicyArn: &object, TagKeys: keys})
		}
	})
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy)
	iamtest.WantSnapshot(t, srv, nil)
}

func TestUserWithThingsAddedByHand(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	ctx, name := t.Context(), aws.String("es")
	_, err := api.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: name, Password: aws.String("Abcdef1234567890!")})
	iamtest.Check(t, err)
	_, err = api.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("people")})
	iamtest.Check(t, err)
	_, err = api.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: name, GroupName: aws.String("people")})
	iamtest.Check(t, err)
	_, err = api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(iamtest.ReadAll)})
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach("arn:aws:iam::"+iamtest.AccountID+":user/es", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	foreign, err := srv.AddKey("es")
	iamtest.Check(t, err)

	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	before := srv.Snapshot()
	_, err = iamtest.Destroy(t, key, user, policy)
	changes := slices.Concat(user.Judged(), policy.Judged())
	if err == nil || iamtest.Actions(changes) != "blocked blocked" {
		t.Fatalf("%v, %+v", err, changes)
	}
	iamtest.WantReason(t, changes,
		"aws iam delete-login-profile --user-name es\n", "aws iam remove-user-from-group --user-name es --group-name people",
		"aws iam delete-user-policy --user-name es --policy-name inline", "--policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess",
		"aws iam delete-access-key --user-name es --access-key-id "+foreign, "never used", "run teardown again")
	for id := range before { // the key of ours went, and its tag
		if strings.Contains(id, "/key/") && !strings.HasSuffix(id, foreign) {
			delete(before, id)
		}
	}
	iamtest.WantSnapshot(t, srv, before)
}

// What is added while the run is at work is not stripped either, and does not make it wait for IAM's lag.
func TestUserChangesMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	for _, r := range []iamtest.Remover{key, user, policy} {
		_, err := r.PlanDestroy(t.Context())
		iamtest.Check(t, err)
	}
	_, err := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(iamtest.ReadAll)})
	iamtest.Check(t, err)
	iamtest.Check(t, key.Destroy(t.Context(), event.Discard))
	if err := user.Destroy(t.Context(), event.Discard); err == nil || !strings.Contains(err.Error(), "inline policy inline") {
		t.Errorf("got %v", err)
	}
	if _, ok := srv.Snapshot()["user/es/inline/inline"]; !ok {
		t.Error("the inline policy is gone")
	}
}

func TestPolicyInUse(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	other, err := srv.AddUser("somebody", nil)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach(other, iamtest.PolicyARN))
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy)
	if !strings.Contains(strings.Join(policy.Warnings(), "\n"), "user/somebody") {
		t.Errorf("warnings %q", policy.Warnings())
	}
	left := srv.Snapshot()
	if left["policy/"+iamtest.PolicyARN] == "" || left["user/es"] != "" {
		t.Errorf("kept: %v", left)
	}
	_, err = api.DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: aws.String("somebody"), PolicyArn: aws.String(iamtest.PolicyARN)})
	iamtest.Check(t, err)
	key, user, policy = userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	iamtest.MustDestroy(t, key, user, policy) // nobody has it now, and it is ours
	if _, ok := srv.Snapshot()["policy/"+iamtest.PolicyARN]; ok {
		t.Error("an abandoned policy stays")
	}
}

func TestOnlyTheUserIsLeftWhileItsKeyIsThere(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	before := srv.Snapshot()
	key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
	key.LookOnly, policy.LookOnly = true, true
	for _, r := range []iamtest.Remover{key, user} {
		_, err := r.PlanDestroy(t.Context())
		iamtest.Check(t, err)
	}
	if user.Judged()[0].Action != plan.Blocked || !strings.Contains(user.Judged()[0].Reason, "access key") {
		t.Errorf("got %+v", user.Judged()[0])
	}
	iamtest.WantSnapshot(t, srv, before)
}

func TestLostRepliesAndLagOfRemovals(t *testing.T) {
	for _, action := range []string{"DeleteAccessKey", "UntagUser", "DetachUserPolicy", "DeleteUser", "DeletePolicy"} {
		for name, kind := range map[string]awsfake.Kind{"lost reply": awsfake.LostReply, "5xx": awsfake.LostReply5xx, "throttled": awsfake.Throttling, "in conflict": awsfake.ConcurrentModification} {
			t.Run(action+" "+name, func(t *testing.T) {
				srv, api := userAccount(t, "c1/gen3")
				srv.Fault(awsfake.Fault{Action: action, N: 1, Times: 1, Kind: kind})
				key, user, policy := userSteps(api, iamtest.Removing(api, "c1", "gen3"))
				iamtest.MustDestroy(t, key, user, policy)
				iamtest.WantSnapshot(t, srv, nil)
			})
		}
	}
}
