package role

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestOwnerThatNobodyCouldTell: the caller may not read the cluster's id. The owner's tag is not judged then, and all else is.
func TestOwnerThatNobodyCouldTell(t *testing.T) {
	t.Parallel()
	_, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	for name, test := range map[string]struct {
		issuer, reason string
		action         plan.Action
	}{
		"as it was made":       {iamtest.IssuerA, "as far as can be told without the cluster's id", plan.None},
		"another trust policy": {iamtest.IssuerB, "trust policy", plan.Update},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, err := roleFor(api, "", "gen3", test.issuer).Observe(t.Context())
			if err != nil || changes[0].Action != test.action || !strings.Contains(changes[0].Reason, test.reason) {
				t.Errorf("error %v, got %+v", err, changes)
			}
		})
	}
}
