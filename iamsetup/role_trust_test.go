package iamsetup

import (
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// The last look for the provider of a cluster that is gone may end after the time for looks is over.
func TestRoleForgetsAGoneClusterWhenItsLastLookIsSlow(t *testing.T) {
	srv, api := roleAccount(t)
	old := roleFor(api, "c1", "gen3", issuerA)
	converge(t, old)
	srv.ResetCalls()
	const settle = 200 * time.Millisecond
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase == awsfake.Before && c.Action == "GetOpenIDConnectProvider" && c.N == 3 { // the observation's is the first
			time.Sleep(2 * settle) // AWS is
		}
	})
	r := roleFor(api, "c9", "gen3", issuerB)
	r.Pace.Settle = settle
	converge(t, r)
	if now := trustNow(t, srv); now.holds(old.Trusted) || !now.holds(r.Trusted) {
		t.Errorf("now %s", textOf(t, now))
	}
}
