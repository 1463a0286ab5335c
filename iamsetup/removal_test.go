package iamsetup

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestFate(t *testing.T) {
	t.Parallel()
	own, other := TagOwner+"c1/gen3", TagOwner+"c2/gen3"
	for name, test := range map[string]struct {
		tags   Tags
		fate   Fate
		tagged Fate // where only what carries the owner's tag counts
	}{
		"no mark":        {Tags{own: ""}, FateForeign, FateForeign},
		"ours alone":     {Tags{TagManagedBy: ManagedBy, own: ""}, FateLast, FateLast},
		"ours and other": {Tags{TagManagedBy: ManagedBy, own: "", other: ""}, FateShared, FateShared},
		"other":          {Tags{TagManagedBy: ManagedBy, other: ""}, FateOthers, FateOthers},
		"nobody":         {Tags{TagManagedBy: ManagedBy}, FateLast, FateOthers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Removal{Owner: testOwner("c1", "gen3")}
			if got := r.fateOf(test.tags); got != test.fate {
				t.Errorf("got %d, want %d", got, test.fate)
			}
			r.TaggedOnly = true
			if got := r.fateOf(test.tags); got != test.tagged {
				t.Errorf("tagged only: got %d, want %d", got, test.tagged)
			}
		})
	}
}

func removal(api *iam.Client, cluster, namespace string) Removal {
	return Removal{
		API: api, Account: inTest("aws"), Owner: testOwner(cluster, namespace), Pace: testPace(), Guard: func() error { return nil }, Now: time.Now, Waiting: func(string) {},
	}
}

// remover is what the engine takes each removal for.
type remover interface {
	PlanDestroy(context.Context) ([]plan.Change, error)
	Destroy(context.Context, event.Sink) error
}

// destroy is what the engine does with removals that depend on each other, in this order.
func destroy(t *testing.T, all ...remover) (made []plan.Change, err error) {
	t.Helper()
	var changes []plan.Change
	for _, r := range all {
		planned, planErr := r.PlanDestroy(t.Context())
		changes = append(changes, planned...)
		err = errors.Join(err, planErr)
	}
	t.Log(actions(changes), reasons(changes))
	sink := event.SinkFunc(func(e event.Event) {
		if e.Type == event.Changed {
			made = append(made, *e.Change)
		}
	})
	for _, r := range all {
		err = errors.Join(err, r.Destroy(t.Context(), sink))
	}
	return made, err
}

func mustDestroy(t *testing.T, all ...remover) []plan.Change {
	t.Helper()
	made, err := destroy(t, all...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func wantSnapshot(t *testing.T, srv *awsfake.Server, want map[string]string) {
	t.Helper()
	got := srv.Snapshot()
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] != got[key] {
			t.Errorf("%s is %q, was %q", key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is gone", key)
		}
	}
}

// userSteps are the removals of one user with its policy.
func userSteps(srv *iam.Client, r Removal) (*KeyRemoval, *UserRemoval, *PolicyRemoval) {
	lookup := &UserLookup{API: srv, UserName: "es"}
	key := &KeyRemoval{Removal: r, AWS: &AWS{IAM: srv, Clock: NewClock(time.Now)}, Lookup: lookup}
	arn := "arn:aws:iam::" + testAccount + ":policy/read"
	user := &UserRemoval{Removal: r, Lookup: lookup, Keys: key, Policies: []string{arn}}
	return key, user, &PolicyRemoval{Removal: r, ARN: arn, Bearers: []Bearer{user}}
}

// userAccount has the user es with the policy read, made for each of the owners, and a key for the first.
func userAccount(t *testing.T, owners ...string) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv, api := fakeAccount(t)
	tags := map[string]string{TagManagedBy: ManagedBy}
	for _, o := range owners {
		tags[TagOwner+o] = ""
	}
	policy, err := srv.AddPolicy("read", readAll, tags)
	check(t, err)
	user, err := srv.AddUser("es", tags)
	check(t, err)
	check(t, srv.Attach(user, policy))
	id, err := srv.AddKey("es")
	check(t, err)
	_, err = api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: Tags{TagKey + id: owners[0]}.List()})
	check(t, err)
	return srv, api
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUserGoesWithKeyAndPolicy(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	for i := range 3 {
		_, err := api.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
			PolicyArn: aws.String("arn:aws:iam::" + testAccount + ":policy/read"), PolicyDocument: aws.String(readAll), SetAsDefault: i == 1,
		})
		check(t, err)
	}
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	if made := mustDestroy(t, key, user, policy); actions(made) != "delete delete delete" {
		t.Errorf("made %+v", made)
	}
	wantSnapshot(t, srv, nil)
	srv.ResetCalls()
	key, user, policy = userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy)
	wantNoWrites(t, srv)
}

func TestUserOfTwoOwners(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	foreign, err := srv.AddKey("es")
	check(t, err)
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy)
	left := srv.Snapshot()
	for name := range left {
		if strings.Contains(name, "c1/gen3") || strings.HasPrefix(name, "user/es/tag/"+TagKey) {
			t.Errorf("left: %s", name)
		}
	}
	if keys := srv.Keys("es"); len(keys) != 1 || keys[0].ID != foreign {
		t.Errorf("keys %v", keys)
	}
	if _, ok := left["user/es/attached/arn:aws:iam::"+testAccount+":policy/read"]; !ok {
		t.Error("the other owner's policy was detached")
	}
	wrong, user, policy := userSteps(api, removal(api, "c3", "gen3"))
	mustDestroy(t, wrong, user, policy)
	wantSnapshot(t, srv, left)
}

// A policy of this owner alone, on a user that another one shares: the policy goes, the user stays.
func TestPolicyLeavesSharedUser(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	_, err := api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: Tags{TagOwner + "c2/gen3": ""}.List()})
	check(t, err)
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy)
	for name := range srv.Snapshot() {
		if strings.HasPrefix(name, "policy/") || strings.Contains(name, "/attached/") {
			t.Errorf("left: %s", name)
		}
	}
	if srv.Snapshot()["user/es"] == "" {
		t.Error("the user is gone")
	}
}

// Two owners leave at the same time, each for the sake of the other.
func TestLastOwnersLeaveTogether(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3", "c2/gen3")
	both := map[string]string{"UntagUser": "es", "UntagPolicy": "arn:aws:iam::" + testAccount + ":policy/read"}
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase != awsfake.After || both[c.Action] != c.Object || c.N > 2 {
			return
		}
		object := both[c.Action]
		delete(both, c.Action) // not for its own call
		keys := []string{TagOwner + "c2/gen3"}
		if c.Action == "UntagUser" {
			_, _ = api.UntagUser(context.WithoutCancel(t.Context()), &iam.UntagUserInput{UserName: &object, TagKeys: keys})
		} else {
			_, _ = api.UntagPolicy(context.WithoutCancel(t.Context()), &iam.UntagPolicyInput{PolicyArn: &object, TagKeys: keys})
		}
	})
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy)
	wantSnapshot(t, srv, nil)
}

func TestUserWithThingsAddedByHand(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	ctx, name := t.Context(), aws.String("es")
	_, err := api.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: name, Password: aws.String("Abcdef1234567890!")})
	check(t, err)
	_, err = api.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("people")})
	check(t, err)
	_, err = api.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: name, GroupName: aws.String("people")})
	check(t, err)
	_, err = api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(readAll)})
	check(t, err)
	check(t, srv.Attach("arn:aws:iam::"+testAccount+":user/es", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	foreign, err := srv.AddKey("es")
	check(t, err)

	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	before := srv.Snapshot()
	_, err = destroy(t, key, user, policy)
	changes := slices.Concat(user.Judged(), policy.Judged())
	if err == nil || actions(changes) != "blocked blocked" {
		t.Fatalf("%v, %+v", err, changes)
	}
	wantReason(t, changes,
		"aws iam delete-login-profile --user-name es\n", "aws iam remove-user-from-group --user-name es --group-name people",
		"aws iam delete-user-policy --user-name es --policy-name inline", "--policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess",
		"aws iam delete-access-key --user-name es --access-key-id "+foreign, "never used", "run teardown again")
	for id := range before { // the key of ours went, and its tag
		if strings.Contains(id, "/key/") && !strings.HasSuffix(id, foreign) {
			delete(before, id)
		}
	}
	wantSnapshot(t, srv, before)
}

// What is added while the run is at work is not stripped either, and does not make it wait for IAM's lag.
func TestUserChangesMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	for _, r := range []remover{key, user, policy} {
		_, err := r.PlanDestroy(t.Context())
		check(t, err)
	}
	_, err := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(readAll)})
	check(t, err)
	check(t, key.Destroy(t.Context(), event.Discard))
	if err := user.Destroy(t.Context(), event.Discard); err == nil || !strings.Contains(err.Error(), "inline policy inline") {
		t.Errorf("got %v", err)
	}
	if _, ok := srv.Snapshot()["user/es/inline/inline"]; !ok {
		t.Error("the inline policy is gone")
	}
}

func TestPolicyInUse(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	policyARN := "arn:aws:iam::" + testAccount + ":policy/read"
	other, err := srv.AddUser("somebody", nil)
	check(t, err)
	check(t, srv.Attach(other, policyARN))
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy)
	if !strings.Contains(strings.Join(policy.Warnings(), "\n"), "user/somebody") {
		t.Errorf("warnings %q", policy.Warnings())
	}
	left := srv.Snapshot()
	if left["policy/"+policyARN] == "" || left["user/es"] != "" {
		t.Errorf("left: %v", left)
	}
	_, err = api.DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: aws.String("somebody"), PolicyArn: &policyARN})
	check(t, err)
	key, user, policy = userSteps(api, removal(api, "c1", "gen3"))
	mustDestroy(t, key, user, policy) // nobody has it now, and it is ours
	if _, ok := srv.Snapshot()["policy/"+policyARN]; ok {
		t.Error("an abandoned policy stays")
	}
}

func TestOnlyTheUserIsLeftWhileItsKeyIsThere(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	before := srv.Snapshot()
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	key.Idle, policy.Idle = true, true
	for _, r := range []remover{key, user} {
		_, err := r.PlanDestroy(t.Context())
		check(t, err)
	}
	if user.Judged()[0].Action != plan.Blocked || !strings.Contains(user.Judged()[0].Reason, "access key") {
		t.Errorf("got %+v", user.Judged()[0])
	}
	wantSnapshot(t, srv, before)
}

func TestLostRepliesAndLagOfRemovals(t *testing.T) {
	for _, action := range []string{"DeleteAccessKey", "UntagUser", "DetachUserPolicy", "DeleteUser", "DeletePolicy"} {
		for name, kind := range map[string]awsfake.Kind{"lost reply": awsfake.LostReply, "5xx": awsfake.LostReply5xx, "throttled": awsfake.Throttling, "in conflict": awsfake.ConcurrentModification} {
			t.Run(action+" "+name, func(t *testing.T) {
				srv, api := userAccount(t, "c1/gen3")
				srv.Fault(awsfake.Fault{Action: action, N: 1, Times: 1, Kind: kind})
				key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
				mustDestroy(t, key, user, policy)
				wantSnapshot(t, srv, nil)
			})
		}
	}
}
