package iamsetup_test

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func team(name string) map[string]string { return map[string]string{"team": name} }

func TestTagOfOthersStays(t *testing.T) {
	for kind, flag := range map[string]string{"policy": "--policy-name", "user": "--user-name", "role": "--role-name", "provider": "--tag"} {
		t.Run(kind, func(t *testing.T) {
			srv, api := iamtest.WithPolicy(t)
			iamtest.Converge(t, stepsFor(api, "a", team("x"))[kind])
			srv.ResetCalls()
			changes := iamtest.Converge(t, stepsFor(api, "b", team("y"))[kind])
			if changes[0].Action != plan.Blocked {
				t.Fatalf("got %+v", changes)
			}
			iamtest.WantReason(t, changes, "c1/a", `tag team would change from "x" to "y"`, "--tag team=x", flag)
			iamtest.WantNoWrites(t, srv)

			if changes := iamtest.Converge(t, stepsFor(api, "b", team("x"))[kind]); changes[0].Action != plan.Update {
				t.Errorf("the same value: %+v", changes)
			}
		})
	}
}

func TestTagOfOnesOwnChanges(t *testing.T) {
	for _, kind := range []string{"policy", "user", "role", "provider"} {
		t.Run(kind, func(t *testing.T) {
			_, api := iamtest.WithPolicy(t)
			iamtest.Converge(t, stepsFor(api, "a", team("x"))[kind])
			changes := iamtest.Converge(t, stepsFor(api, "a", team("y"))[kind])
			if changes[0].Action != plan.Update || changes[0].Reason != `tag team is "x" and not "y"` {
				t.Errorf("got %+v", changes)
			}
			if changes := iamtest.Converge(t, stepsFor(api, "a", team("y"))[kind]); changes[0].Action != plan.None {
				t.Errorf("got %+v", changes)
			}
		})
	}
}

// Two first runs at the same time are judged as a later run is.
func TestTagOfTwoFirstRuns(t *testing.T) {
	for _, kind := range []string{"policy", "user", "role", "provider"} {
		t.Run(kind, func(t *testing.T) {
			_, api := iamtest.WithPolicy(t)
			err := iamtest.Race(t, stepsFor(api, "a", team("x"))[kind], stepsFor(api, "b", team("y"))[kind])
			iamtest.WantError(t, err, "c1/a", `tag team would change from "x" to "y"`)
		})
	}
}
