package helminstall

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// small is a chart that is quick to install.
func small(s *Settings) { s.Chart, s.Version = "few-objects", "0.1.0" }

func alive(yes bool) func(context.Context, string) bool {
	return func(context.Context, string) bool { return yes }
}

func TestSandboxPending(t *testing.T) {
	sb := startSandbox(t)
	s := sb.step(t, &recorder{fail: failing(http.MethodPut, "/secrets/")}, small)
	if _, _, err := up(t, s); err == nil {
		t.Fatal("a release whose outcome cannot be stored counts as installed")
	}
	live := sb.step(t, &recorder{}, small)
	live.HolderAlive = alive(true)
	changes, err := live.Observe(t.Context())
	kubetest.Must(t, err)
	if live.State() != Busy || !plan.Pending(changes) {
		t.Errorf("with a live holder: %s %v", live.State(), changes)
	}
	dead := sb.step(t, &recorder{}, small)
	dead.HolderAlive = alive(false)
	changes, _, err = up(t, dead)
	kubetest.Must(t, err)
	if r := changes[0].Reason; !strings.Contains(r, "left pending-install by a run of ours that is gone") {
		t.Error(r)
	}
	if got := converges(t, sb, plan.None, "up to date", small); got.Revision != 2 {
		t.Errorf("release %+v", got)
	}
}

// TestSandboxCancelled interrupts a run in the midst of Helm's work: that is finished, and only the wait is not.
func TestSandboxCancelled(t *testing.T) {
	sb := startSandbox(t)
	ctx, cancel := context.WithCancel(t.Context())
	calls := &recorder{fail: func(r *http.Request) error {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/deployments") {
			cancel()
		}
		return nil
	}}
	s := sb.step(t, calls, small)
	_, err := s.Observe(ctx)
	kubetest.Must(t, err)
	got := &collector{}
	err = s.Apply(ctx, got)
	if !errors.Is(err, context.Canceled) || !strings.Contains(strings.Join(got.waits(), "\n"), "Helm to finish") {
		t.Errorf("error %v, events %v", err, got.all())
	}
	converges(t, sb, plan.None, "revision 1, up to date", small)
}
