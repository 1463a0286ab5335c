package role

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

// TestAdditionsThatCannotBeLookedAt: IAM itself refuses to delete what still has any, so that nothing is lost by trying.
func TestAdditionsThatCannotBeLookedAt(t *testing.T) {
	for name, blinded := range iamtest.Blinded() {
		t.Run(name, func(t *testing.T) {
			srv, api := iamtest.WithPolicy(t)
			before := srv.Snapshot()
			iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
			r := roleRemovalFor(blinded(srv, api, "ListInstanceProfilesForRole"), "c1", "gen3")
			iamtest.MustDestroy(t, r)
			iamtest.WantSnapshot(t, srv, before)
			iamtest.WantWarning(t, r.Warnings(), "instance profile of IAM role shared could not be looked for")
		})
	}
}
