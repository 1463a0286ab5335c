package teardown

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestRemaining(t *testing.T) {
	t.Parallel()
	user, policy := bootstrap.Made{Kind: plan.IAMUser, Account: "1", Name: "u"}, bootstrap.Made{Kind: plan.IAMPolicy, Account: "1", Name: "p"}
	elsewhere := bootstrap.Made{Kind: plan.IAMUser, Account: "2", Name: "u"}
	ended := func(what bootstrap.Made, err error) *ending {
		return &ending{err: err, takes: func(m bootstrap.Made) bool { return m.Kind == what.Kind && m.Name == what.Name }}
	}
	for name, test := range map[string]struct {
		made []bootstrap.Made
		all  endings
		want []bootstrap.Made
	}{
		"nothing went":       {[]bootstrap.Made{user, policy}, endings{ended(user, bootstrap.ErrFailed), ended(policy, bootstrap.ErrFailed)}, []bootstrap.Made{user, policy}},
		"the user stayed":    {[]bootstrap.Made{user, policy}, endings{ended(user, bootstrap.ErrFailed), ended(policy, nil)}, []bootstrap.Made{user}},
		"all went":           {[]bootstrap.Made{user, policy}, endings{ended(user, nil), ended(policy, nil)}, nil},
		"of another account": {[]bootstrap.Made{user, elsewhere}, endings{ended(user, nil)}, []bootstrap.Made{elsewhere}},
		"not asked for":      {[]bootstrap.Made{user, policy}, endings{ended(policy, nil)}, []bootstrap.Made{user}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := bootstrap.Settings{Account: "1"}
			target := &bootstrap.Target{Settings: settings, Last: &bootstrap.Recorded{Account: "1", Made: test.made}}
			run := &teardown{Run: &bootstrap.Run{Settings: settings, Target: target}, all: test.all}
			var got []bootstrap.Made
			if left := run.remaining(); left != nil {
				got = left.Made
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
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
