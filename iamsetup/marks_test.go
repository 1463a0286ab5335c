package iamsetup

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// taggedSteps are the steps of one namespace with its own value of a tag, by kind.
func taggedSteps(api *iam.Client, namespace, value string) map[string]step {
	tags := map[string]string{"team": value}
	policy, user := policyFor(api, namespace, "dev-"), userFor(api, namespace)
	role, provider := roleFor(api, "c1", namespace, issuerA), providerFor(api, namespace)
	policy.PolicyName = "tagged"
	provider.Create = true
	policy.Tags, user.Tags, role.Tags, provider.Tags = tags, tags, tags, tags
	return map[string]step{"policy": policy, "user": user, "role": role, "provider": provider}
}

func TestTagOfOthersStays(t *testing.T) {
	for kind, flag := range map[string]string{"policy": "--policy-name", "user": "--user-name", "role": "--role-name", "provider": "--tag"} {
		t.Run(kind, func(t *testing.T) {
			srv, api := roleAccount(t)
			converge(t, taggedSteps(api, "a", "x")[kind])
			srv.ResetCalls()
			changes := converge(t, taggedSteps(api, "b", "y")[kind])
			if changes[0].Action != plan.Blocked {
				t.Fatalf("got %+v", changes)
			}
			wantReason(t, changes, "c1/a", `tag team would change from "x" to "y"`, "--tag team=x", flag)
			wantNoWrites(t, srv)

			if changes := converge(t, taggedSteps(api, "b", "x")[kind]); changes[0].Action != plan.Update {
				t.Errorf("the same value: %+v", changes)
			}
		})
	}
}

func TestTagOfOnesOwnChanges(t *testing.T) {
	for _, kind := range []string{"policy", "user", "role", "provider"} {
		t.Run(kind, func(t *testing.T) {
			_, api := roleAccount(t)
			converge(t, taggedSteps(api, "a", "x")[kind])
			changes := converge(t, taggedSteps(api, "a", "y")[kind])
			if changes[0].Action != plan.Update || changes[0].Reason != `tag team is "x" and not "y"` {
				t.Errorf("got %+v", changes)
			}
			if changes := converge(t, taggedSteps(api, "a", "y")[kind]); changes[0].Action != plan.None {
				t.Errorf("got %+v", changes)
			}
		})
	}
}

// Two first runs at the same time are judged as a later run is.
func TestTagOfTwoFirstRuns(t *testing.T) {
	for _, kind := range []string{"policy", "user", "role", "provider"} {
		t.Run(kind, func(t *testing.T) {
			_, api := roleAccount(t)
			err := race(t, taggedSteps(api, "a", "x")[kind], taggedSteps(api, "b", "y")[kind])
			wantError(t, err, "c1/a", `tag team would change from "x" to "y"`)
		})
	}
}

func TestTagsInWords(t *testing.T) {
	t.Parallel()
	have := Tags{TagManagedBy: "terraform", "team": "x"}
	missing := Tags{TagManagedBy: ManagedBy, "team": "y", "b": "", "a": ""}
	want := []string{`tag managed-by is "terraform" and not "gen3-bootstrap"`, `tag team is "x" and not "y"`, "tags are missing: a, b"}
	got := have.lacking(missing)
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %q", got)
	}
	if got := have.lacking(Tags{}); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}
