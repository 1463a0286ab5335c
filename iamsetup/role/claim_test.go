package role

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

func TestRoleOfTwoFirstRuns(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	boundary, err := srv.AddPolicy("boundary", iamtest.ReadAll, nil)
	iamtest.Check(t, err)
	first, second := roleFor(api, "c1", "a", iamtest.IssuerA), roleFor(api, "c1", "b", iamtest.IssuerA)
	second.Boundary = boundary
	err = iamtest.Race(t, first, second)
	iamtest.WantError(t, err, "create IAM role shared", "c1/a", boundary, "--role-name")
	srv.ResetCalls()
	if changes := iamtest.Converge(t, first); iamtest.Actions(changes) != "none none" {
		t.Errorf("the first run's role was changed: %+v", changes)
	}
	iamtest.WantNoWrites(t, srv)

	srv, api = iamtest.WithPolicy(t)
	first, second = roleFor(api, "c1", "a", iamtest.IssuerA), roleFor(api, "c1", "b", iamtest.IssuerA)
	iamtest.Check(t, iamtest.Race(t, first, second)) // they agree
	wantConverged(t, srv, first)
	wantConverged(t, srv, second)
}
