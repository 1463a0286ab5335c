package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

// TestPolicyHasRoom: with all that it may hold, IAM's 6,144 characters are enough for several prefixes and keys.
func TestPolicyHasRoom(t *testing.T) {
	scope := Scope{Region: "us-gov-west-1", AllowPush: true}
	for i := range 10 {
		scope.Prefixes = append(scope.Prefixes, fmt.Sprintf("gen3/production-%d/", i))
		scope.KMSKeys = append(scope.KMSKeys, keyARN("aws-us-gov", scope.Region, fmt.Sprintf("1234abcd-12ab-34cd-56ef-12345678901%d", i)))
	}
	text, err := json.Marshal(scope.document(iamtest.In("aws-us-gov")))
	if err != nil || len(text) > 6144 {
		t.Errorf("%d characters, %v", len(text), err)
	}
	t.Logf("%d characters", len(text))
}

// TestPolicyHasRoomForNames: those of gen3's defaults, pushes and all, and twice as many that are only read.
func TestPolicyHasRoomForNames(t *testing.T) {
	for _, c := range []struct{ read, pushed int }{{18, 9}, {45, 0}} {
		scope := Scope{Region: "us-gov-west-1", AllowPush: c.pushed > 0}
		for i := range c.read {
			scope.Names = append(scope.Names, fmt.Sprintf("production-fence-config-%02d", i))
		}
		scope.Pushed = scope.Names[:c.pushed]
		text, err := json.Marshal(scope.document(iamtest.In("aws-us-gov")))
		if err != nil || len(text) > 6144 {
			t.Errorf("%d names: %d characters, %v", c.read, len(text), err)
		}
		t.Logf("%d characters", len(text))
	}
}

func TestPolicyTooLongForIAM(t *testing.T) {
	many := slices.Repeat([]string{"a-rather-long-beginning-of-a-name/"}, 100)
	for advice, scope := range map[string]Scope{
		"fewer and shorter --secret-prefix":                                               {Prefixes: many},
		"it is for 100 names of secrets, and 100 again that --allow-push lets be written": {Names: many, AllowPush: true, Pushed: many},
	} {
		srv, api := iamtest.Start(t)
		scope.Region = "us-east-1"
		changes := iamtest.Converge(t, &Up{Up: iamtest.Making(api, "c1", "gen3"), PolicyName: "read", Path: "/", Scope: scope})
		if iamtest.Actions(changes) != "blocked" {
			t.Fatalf("got %+v", changes)
		}
		iamtest.WantReason(t, changes, "IAM allows 6144", "--secret-prefix")
		if !strings.Contains(changes[0].Hint, advice) {
			t.Errorf("hint %q", changes[0].Hint)
		}
		iamtest.WantNoWrites(t, srv)
	}
}
