package iamsetup

import (
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// userFor is the step of one namespace of one cluster; roleAccount has its policy.
func userFor(api *iam.Client, namespace string) *User {
	return &User{
		Principal: Principal{Up: making(api, "c1", namespace), Path: "/", PolicyARN: policyARN},
		Lookup:    &UserLookup{API: api, UserName: "es"},
	}
}

func TestUserBoundaryOfOthersStays(t *testing.T) {
	srv, api := roleAccount(t)
	boundary, err := srv.AddPolicy("boundary", readAll, nil)
	check(t, err)
	converge(t, userFor(api, "a"))
	second := userFor(api, "b")
	second.Boundary = boundary
	srv.ResetCalls()
	changes := converge(t, second)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "c1/a", boundary, "--permissions-boundary", "--user-name")
	wantNoWrites(t, srv)

	own := userFor(api, "a")
	own.Boundary = boundary
	if changes := converge(t, own); actions(changes) != "update none" {
		t.Errorf("got %+v", changes)
	}
	second.Lookup.Forget()
	if changes := converge(t, second); actions(changes) != "update none" { // it is as the second wants it, too
		t.Errorf("got %+v", changes)
	}
}

func TestUserOfTwoFirstRuns(t *testing.T) {
	srv, api := roleAccount(t)
	boundary, err := srv.AddPolicy("boundary", readAll, nil)
	check(t, err)
	first, second := userFor(api, "a"), userFor(api, "b")
	second.Boundary = boundary
	err = race(t, first, second)
	wantError(t, err, "create IAM user es", "c1/a", boundary, "--user-name")
	if now := srv.Snapshot()["user/es/boundary"]; now != "" {
		t.Errorf("its permissions boundary is %s", now)
	}

	_, api = roleAccount(t)
	first, second = userFor(api, "a"), userFor(api, "b")
	check(t, race(t, first, second)) // they agree
	for _, u := range []*User{first, second} {
		u.Lookup.Forget()
		if changes := converge(t, u); actions(changes) != "none none" {
			t.Errorf("got %+v", changes)
		}
	}
}

// A key's tag goes onto the user only after the key was stored, when it would be too late to find that there is no room.
func TestUserWithoutRoomForTheTagsOfAKey(t *testing.T) {
	mark, own := Tags{TagManagedBy: ManagedBy}, Tags{TagManagedBy: ManagedBy, TagOwner + "c1/a": ""}
	entered := Tags{TagManagedBy: ManagedBy, TagOwner + "c1/a": "", TagKey + "AKIAEXAMPLE": "c1/a"}
	others := Tags{TagManagedBy: ManagedBy, TagOwner + "c1/a": "", TagKey + "AKIAEXAMPLE": "c2/gen3"}
	announced := Tags{TagManagedBy: ManagedBy, TagOwner + "c1/a": "", TagMinting + "c1/a": "2026-01-02T15:04:05Z 2026-01-02T15:05:05Z"}
	for name, test := range map[string]struct {
		tags  Tags
		total int // with others
		want  plan.Action
	}{
		"room for both":             {own, 48, plan.None},
		"room for one":              {own, 49, plan.Blocked},
		"room for one, announced":   {announced, 49, plan.None},
		"none, and the key is in":   {entered, 50, plan.None},
		"one, and another's key":    {others, 49, plan.Blocked},
		"this owner's tag is third": {mark, 48, plan.Blocked},
		"room for this owner's too": {mark, 47, plan.Update},
	} {
		t.Run(name, func(t *testing.T) {
			srv, api := roleAccount(t)
			tags := maps.Clone(test.tags)
			for i := len(tags); i < test.total; i++ {
				tags[fmt.Sprint("tag", i)] = ""
			}
			user, err := srv.AddUser("es", tags)
			check(t, err)
			check(t, srv.Attach(user, policyARN))
			changes := converge(t, userFor(api, "a"))
			if changes[0].Action != test.want {
				t.Fatalf("got %+v", changes)
			}
			if test.want == plan.Blocked {
				wantReason(t, changes, "IAM allows 50", "making a key takes", "--user-name")
			}
		})
	}
}

func TestUserThatHasToBeMadeWithTooManyTags(t *testing.T) {
	srv, api := roleAccount(t)
	u := userFor(api, "a")
	u.Tags = map[string]string{}
	for i := range 47 {
		u.Tags[fmt.Sprint("tag", i)] = ""
	}
	changes := converge(t, u)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "51 tags", "making a key takes", "--tag")
	wantNoWrites(t, srv)
}
