package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ended is an ending that came to its end as said.
func ended(ok bool, forget func(*Recorded)) *ending {
	e := &ending{forget: forget}
	if !ok {
		e.err = ErrFailed
	}
	return e
}

func TestRemaining(t *testing.T) {
	t.Parallel()
	user := func(r *Recorded) { r.UserName = "" }
	policy := func(r *Recorded) { r.PolicyName = "" }
	for name, test := range map[string]struct {
		all  endings
		want Recorded
	}{
		"nothing went":    {endings{ended(false, user), ended(false, policy)}, Recorded{Account: "1", UserName: "u", PolicyName: "p"}},
		"the user stayed": {endings{ended(false, user), ended(true, policy)}, Recorded{Account: "1", UserName: "u"}},
		"all went":        {endings{ended(true, user), ended(true, policy)}, Recorded{Account: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Recorded{Account: "1", UserName: "u", PolicyName: "p"}
			run := &teardown{run: &run{settings: Settings{Account: "1"}}, all: test.all}
			run.forget(&r)
			if diff := cmp.Diff(test.want, r); diff != "" {
				t.Error(diff)
			}
			if r.namesNothing() != (name == "all went") {
				t.Errorf("names nothing: %v", r.namesNothing())
			}
		})
	}
}
