package acceptance

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/kube"
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
		"key entered":       atAWS("TagUser", 2),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, anySandbox(t))
			w.settings.Timing.Lease, w.settings.Timing.Request = 2*time.Second, time.Minute
			p := w.command(t, "up")
			asleep, wake := make(chan struct{}), make(chan struct{})
			at(w, sync.OnceFunc(func() {
				w.awaitIntent(t) // it is written at the same time as the first tag
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

// awaitIntent waits until the record tells of a mint.
func (w *world) awaitIntent(t *testing.T) {
	t.Helper()
	record := kube.Record{Client: &kube.Client{Interface: w.kube}, Namespace: w.namespace}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		err := record.Load(ctx)
		return len(record.Mints()) > 0, err
	})
	if err != nil {
		t.Errorf("await the intent in the record: %v", err)
	}
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
