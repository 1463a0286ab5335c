package acceptance

import (
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// TestSuspendedRunWritesNoMore puts a run to sleep, as a closed laptop does, until another one has taken its lock and
// finished. Awake again, it learns that its lock is gone before it writes anything, and the other's key is untouched.
func TestSuspendedRunWritesNoMore(t *testing.T) {
	t.Parallel()
	atAWS := func(action string, n int) func(*world, func()) {
		return func(w *world, sleep func()) {
			w.aws.Fault(awsfake.Fault{Action: action, N: n, Kind: awsfake.Hook, Hook: func(phase awsfake.Phase, _ awsfake.Call) {
				if phase == awsfake.After {
					sleep()
				}
			}})
		}
	}
	for name, at := range map[string]func(w *world, sleep func()){
		"announced":         atAWS("TagUser", 1),
		"key made":          atAWS("CreateAccessKey", 1),
		"key being proved":  atAWS("GetCallerIdentity", 3),
		"key proved":        atAWS("GetCallerIdentity", 6),
		"one Secret of two": sleepAtSecret,
		"key entered":       atAWS("TagUser", 2), // while it is being proved
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, anySandbox(t))
			w.settings.Timing.Lease, w.settings.Timing.Request = 2*time.Second, time.Minute
			p := w.command(t, "up")
			asleep, wake := make(chan struct{}), make(chan struct{})
			at(w, sync.OnceFunc(func() {
				p.signal(syscall.SIGSTOP)
				close(asleep)
				<-wake
			}))
			ended := make(chan int, 1)
			go func() { ended <- w.run(t, p) }()
			select {
			case <-asleep:
			case code := <-ended:
				t.Fatalf("it ended with %d and was never put to sleep:\n%s", code, p.stderr.String())
			}
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
			w.mustHaveWrittenOnly(t, "DeleteAccessKey", "")
			w.mustBeConverged(t)
		})
	}
}

// sleepAtSecret is once the first Secret holds the key.
func sleepAtSecret(w *world, sleep func()) {
	w.proxy.Fault(kubeproxy.Fault{
		Verb: "create", Resource: "secrets", N: 1, Kind: kubeproxy.KillAfter, Hook: func(kubeproxy.Call) { sleep() },
	})
}

// mustHaveWrittenOnly says that of writes there were only those of one action, and of one resource.
func (w *world) mustHaveWrittenOnly(t *testing.T, action, resource string) {
	t.Helper()
	for _, c := range w.aws.Writes() {
		if c.Action != action {
			t.Errorf("it called %s", c.Name())
		}
	}
	for _, c := range w.proxy.Writes() {
		if c.Resource != resource {
			t.Errorf("it called %s", c.Name())
		}
	}
}
