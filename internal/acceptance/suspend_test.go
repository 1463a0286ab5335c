package acceptance

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// TestSuspendedRunWritesNoMore puts a run to sleep, as a closed laptop does, until another one has taken its lock and
// finished. Awake again, it learns that its lock is gone before it writes anything, and the other's key is untouched.
func TestSuspendedRunWritesNoMore(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		action string
		n      int
		phase  awsfake.Phase
	}{
		"announced":        {"TagUser", 1, awsfake.After},
		"key made":         {"CreateAccessKey", 1, awsfake.After},
		"key being proved": {"GetCallerIdentity", 3, awsfake.After},
		"key proved":       {"GetCallerIdentity", 6, awsfake.After},
		"key entered":      {"TagUser", 2, awsfake.After},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, anySandbox(t))
			w.settings.Timing.Lease, w.settings.Timing.Request = 2*time.Second, time.Minute
			p := w.command(t, "up")
			asleep, wake := make(chan struct{}), make(chan struct{})
			w.aws.Fault(awsfake.Fault{Action: at.action, N: at.n, Kind: awsfake.Hook, Hook: func(phase awsfake.Phase, _ awsfake.Call) {
				if phase == at.phase {
					p.signal(syscall.SIGSTOP)
					close(asleep)
					<-wake
				}
			}})
			ended := make(chan int, 1)
			go func() { ended <- w.run(t, p) }()
			<-asleep
			w.mustUp(t)
			key := w.liveKey(t)
			w.forgetCalls()
			p.signal(syscall.SIGCONT)
			close(wake)
			if code := <-ended; code == 0 || !strings.Contains(p.stderr.String(), "lock was lost") {
				t.Errorf("it ended with %d:\n%s", code, p.stderr.String())
			}
			if now := w.liveKey(t); now != key {
				t.Errorf("the key is %s and was %s", now, key)
			}
			for _, c := range w.aws.Writes() {
				if c.Action != "DeleteAccessKey" {
					t.Errorf("it called %s without the lock", c.Name())
				}
			}
			for _, c := range w.proxy.Writes() {
				t.Errorf("it called %s without the lock", c.Name())
			}
			w.mustBeConverged(t)
		})
	}
}
