package iamsetup_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// irsaAccount has a shared role and a provider, both of another namespace, or nothing. Run does what up does with the three steps
// of IRSA, one after the other; the first error ends it.
func irsaAccount(t *testing.T, shared bool) (srv *awsfake.Server, run func(namespace string) error) {
	t.Helper()
	srv, api := iamtest.Start(t)
	run = func(namespace string) error {
		all := stepsFor(api, namespace, nil)
		all["policy"].(*policy.Up).PolicyName = "read"
		steps := []iamtest.Step{all["policy"], all["provider"], all["role"]}
		for _, s := range steps {
			if _, err := s.Observe(t.Context()); err != nil {
				return err
			}
		}
		for _, s := range steps {
			if err := s.Apply(t.Context(), event.Discard); err != nil {
				return err
			}
		}
		return nil
	}
	if shared {
		iamtest.Check(t, run("first"))
	}
	srv.ResetCalls()
	return srv, run
}

// TestIRSAIsResumed has every call go wrong in every way that IAM knows; one clean run must bring about what an
// undisturbed one does.
func TestIRSAIsResumed(t *testing.T) {
	kinds := map[string]awsfake.Kind{
		"throttled": awsfake.Throttling, "5xx": awsfake.ServerError, "denied": awsfake.AccessDenied, "modified": awsfake.ConcurrentModification,
		"reset": awsfake.ResetBefore, "reply lost": awsfake.LostReply, "reply lost as 5xx": awsfake.LostReply5xx,
	}
	for start, shared := range map[string]bool{"fresh": false, "shared": true} {
		undisturbed, run := irsaAccount(t, shared)
		if err := run("gen3"); err != nil {
			t.Fatal(err)
		}
		want := meaningOf(undisturbed)
		for _, call := range undisturbed.Calls() {
			for name, kind := range kinds {
				t.Run(start+" "+strings.TrimPrefix(call.Name(), "iam:")+" "+name, func(t *testing.T) {
					t.Parallel()
					srv, run := irsaAccount(t, shared)
					remove := srv.FaultAt(call, kind, nil)
					_ = run("gen3") // it may fail
					remove()
					if err := run("gen3"); err != nil {
						t.Fatal(err)
					}
					srv.ResetCalls()
					if err := run("gen3"); err != nil {
						t.Fatal(err)
					}
					iamtest.WantNoWrites(t, srv)
					if diff := cmp.Diff(want, meaningOf(srv)); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// meaningOf is the account without ids, which depend on how often something was tried.
func meaningOf(srv *awsfake.Server) map[string]string {
	out := srv.Snapshot()
	for _, key := range slices.Collect(maps.Keys(out)) {
		if strings.Count(key, "/") == 1 {
			out[key] = "there"
		}
	}
	return out
}
