package user

import (
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// userFor is the step of one namespace of one cluster; roleAccount has its policy.
func userFor(api *iam.Client, namespace string) *Up {
	return &Up{
		Up:     principal.Up{Up: iamtest.Making(api, "c1", namespace), Path: "/", PolicyARN: iamtest.PolicyARN},
		Lookup: &principal.UserLookup{API: api, UserName: "es"},
	}
}

func TestUserBoundaryOfOthersStays(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	boundary, err := srv.AddPolicy("boundary", iamtest.ReadAll, nil)
	iamtest.Check(t, err)
	iamtest.Converge(t, userFor(api, "a"))
	second := userFor(api, "b")
	second.Boundary = boundary
	srv.ResetCalls()
	changes := iamtest.Converge(t, second)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "c1/a", boundary, "--permissions-boundary", "--user-name")
	iamtest.WantNoWrites(t, srv)

	own := userFor(api, "a")
	own.Boundary = boundary
	if changes := iamtest.Converge(t, own); iamtest.Actions(changes) != "update none" {
		t.Errorf("got %+v", changes)
	}
	second.Lookup.Forget()
	if changes := iamtest.Converge(t, second); iamtest.Actions(changes) != "update none" { // it is as the second wants it, too
		t.Errorf("got %+v", changes)
	}
}

func TestUserOfTwoFirstRuns(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	boundary, err := srv.AddPolicy("boundary", iamtest.ReadAll, nil)
	iamtest.Check(t, err)
	first, second := userFor(api, "a"), userFor(api, "b")
	second.Boundary = boundary
	err = iamtest.Race(t, first, second)
	iamtest.WantError(t, err, "create IAM user es", "c1/a", boundary, "--user-name")
	if now := srv.Snapshot()["user/es/boundary"]; now != "" {
		t.Errorf("its permissions boundary is %s", now)
	}

	_, api = iamtest.WithPolicy(t)
	first, second = userFor(api, "a"), userFor(api, "b")
	iamtest.Check(t, iamtest.Race(t, first, second)) // they agree
	for _, u := range []*Up{first, second} {
		u.Lookup.Forget()
		if changes := iamtest.Converge(t, u); iamtest.Actions(changes) != "none none" {
			t.Errorf("got %+v", changes)
		}
	}
}

// A key's tag goes onto the user only after the key was stored, when it would be too late to find that there is no room.
func TestUserWithoutRoomForTheTagsOfAKey(t *testing.T) {
	mark, own := iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy}, iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/a": ""}
	entered := iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/a": "", iamsetup.TagKey + "AKIAEXAMPLE": "c1/a"}
	others := iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/a": "", iamsetup.TagKey + "AKIAEXAMPLE": "c2/gen3"}
	announced := iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/a": "", iamsetup.TagMinting + "c1/a": "2026-01-02T15:04:05Z 2026-01-02T15:05:05Z"}
	for name, test := range map[string]struct {
		tags  iamsetup.Tags
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
			srv, api := iamtest.WithPolicy(t)
			tags := maps.Clone(test.tags)
			for i := len(tags); i < test.total; i++ {
				tags[fmt.Sprint("tag", i)] = ""
			}
			user, err := srv.AddUser("es", tags)
			iamtest.Check(t, err)
			iamtest.Check(t, srv.Attach(user, iamtest.PolicyARN))
			changes := iamtest.Converge(t, userFor(api, "a"))
			if changes[0].Action != test.want {
				t.Fatalf("got %+v", changes)
			}
			if test.want == plan.Blocked {
				iamtest.WantReason(t, changes, "IAM allows 50", "making a key takes", "--user-name")
			}
		})
	}
}

func TestUserThatHasToBeMadeWithTooManyTags(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	u := userFor(api, "a")
	u.Tags = map[string]string{}
	for i := range 47 {
		u.Tags[fmt.Sprint("tag", i)] = ""
	}
	changes := iamtest.Converge(t, u)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "51 tags", "making a key takes", "--tag")
	iamtest.WantNoWrites(t, srv)
}
