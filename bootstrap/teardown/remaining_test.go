package teardown

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// ended is an ending that came to its end as said.
func ended(ok bool, forget func(*bootstrap.Recorded)) *ending {
	e := &ending{forget: forget}
	if !ok {
		e.err = bootstrap.ErrFailed
	}
	return e
}

func TestRemaining(t *testing.T) {
	t.Parallel()
	user := func(r *bootstrap.Recorded) { r.UserName = "" }
	policy := func(r *bootstrap.Recorded) { r.PolicyName = "" }
	for name, test := range map[string]struct {
		all  endings
		want bootstrap.Recorded
	}{
		"nothing went":    {endings{ended(false, user), ended(false, policy)}, bootstrap.Recorded{Account: "1", UserName: "u", PolicyName: "p"}},
		"the user stayed": {endings{ended(false, user), ended(true, policy)}, bootstrap.Recorded{Account: "1", UserName: "u"}},
		"all went":        {endings{ended(true, user), ended(true, policy)}, bootstrap.Recorded{Account: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := bootstrap.Recorded{Account: "1", UserName: "u", PolicyName: "p"}
			run := &teardown{Run: &bootstrap.Run{Settings: bootstrap.Settings{Account: "1"}}, all: test.all}
			run.forget(&r)
			if diff := cmp.Diff(test.want, r); diff != "" {
				t.Error(diff)
			}
			if r.NamesNothing() != (name == "all went") {
				t.Errorf("names nothing: %v", r.NamesNothing())
			}
		})
	}
}

// TestClusterOfTheRecordIsNotAdvised: whoever may write the record chose the cluster in it, and so no command names it.
func TestClusterOfTheRecordIsNotAdvised(t *testing.T) {
	t.Parallel()
	const chosen = "11111111-1111-4111-8111-111111111111"
	settings := bootstrap.Settings{Account: "1", Namespace: "gen3"}
	run := &teardown{Run: &bootstrap.Run{Settings: settings, Target: &bootstrap.Target{
		Settings: settings, ClusterID: "22222222-2222-4222-8222-222222222222", Last: &bootstrap.Recorded{Account: "1", Cluster: chosen},
	}}}
	if err := run.checkRecord(); err != nil || len(run.extra) != 1 || !strings.Contains(run.extra[0], chosen) || strings.Contains(run.extra[0], "--cluster-id "+chosen) {
		t.Errorf("%v, %q", err, run.extra)
	}
}
