package iamsetup

import (
	"testing"
)

func TestRoleOfTwoFirstRuns(t *testing.T) {
	srv, api := roleAccount(t)
	boundary, err := srv.AddPolicy("boundary", readAll, nil)
	check(t, err)
	first, second := roleFor(api, "c1", "a", issuerA), roleFor(api, "c1", "b", issuerA)
	second.Boundary = boundary
	err = race(t, first, second)
	wantError(t, err, "create IAM role shared", "c1/a", boundary, "--role-name")
	srv.ResetCalls()
	if changes := converge(t, first); actions(changes) != "none none" {
		t.Errorf("the first run's role was changed: %+v", changes)
	}
	wantNoWrites(t, srv)

	srv, api = roleAccount(t)
	first, second = roleFor(api, "c1", "a", issuerA), roleFor(api, "c1", "b", issuerA)
	check(t, race(t, first, second)) // they agree
	wantConverged(t, srv, first)
	wantConverged(t, srv, second)
}
