package acceptance

import (
	"encoding/json"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// TestSignalsFinishOrUndo interrupts a run at calls all along its way, with each of the signals that a terminal or a
// supervisor sends. It ends with 130, or with 0 where all was done; no key is left that no Secret holds; the next up
// finishes.
func TestSignalsFinishOrUndo(t *testing.T) {
	t.Parallel()
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	at := []string{"CreatePolicy", "CreateUser", "AttachUserPolicy", "CreateAccessKey", "GetCallerIdentity", "TagUser", "UntagUser"}
	for i, action := range at {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, anySandbox(t))
			p := w.command(t, "up", "-o", "json")
			w.aws.Fault(awsfake.Fault{Action: action, N: 1, Kind: awsfake.Hook, Hook: func(phase awsfake.Phase, _ awsfake.Call) {
				if phase == awsfake.Before {
					p.signal(signals[i%len(signals)])
				}
			}})
			code := w.run(t, p)
			if code != 130 && code != 0 {
				t.Errorf("ended with %d:\n%s", code, p.stderr.String())
			}
			w.mustBeWhole(t)
			var result bootstrap.Result
			check(t, "parse the one document on stdout", json.Unmarshal(p.stdout.Bytes(), &result))
			w.mustUp(t)
			w.liveKey(t)
			w.mustBeConverged(t)
		})
	}
}

// mustBeWhole says that no key lives which no Secret holds.
func (w *world) mustBeWhole(t *testing.T) {
	t.Helper()
	if len(w.aws.Keys(w.settings.UserName)) > 0 {
		w.liveKey(t)
	}
}

// TestInterruptWhileWaitingUndoesTheKey is Ctrl-C while AWS does not accept the new key yet.
func TestInterruptWhileWaitingUndoesTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	p := w.command(t, "up")
	var once sync.Once
	w.aws.OnCall(func(_ awsfake.Phase, c awsfake.Call) {
		if c.Action == "GetCallerIdentity" && c.Object != "" { // a proof of the key
			once.Do(func() {
				w.aws.Fault(awsfake.Fault{Action: c.Action, Object: c.Object, Kind: awsfake.CustomError, Code: "InvalidClientTokenId"})
				p.signal(os.Interrupt)
			})
		}
	})
	if code := w.run(t, p); code != 130 {
		t.Errorf("ended with %d:\n%s", code, p.stderr.String())
	}
	if keys := w.aws.Keys(w.settings.UserName); len(keys) > 0 {
		t.Errorf("keys are left: %v", keys)
	}
	w.mustUp(t)
	w.liveKey(t)
}

// TestSecondSignalEndsAtOnce is for whoever cannot wait; the next up settles what is left.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	p := w.command(t, "up")
	remove := w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Kind: awsfake.KillAfter, Hook: func(awsfake.Phase, awsfake.Call) {
		p.signal(os.Interrupt)
		p.signal(syscall.SIGTERM)
	}})
	if code := w.run(t, p); code != 130 {
		t.Errorf("ended with %d:\n%s", code, p.stderr.String())
	}
	remove()
	w.hasten(t)
	w.mustUp(t)
	w.liveKey(t)
	w.mustBeConverged(t)
}

// TestLockIsTold is a caller who may not use Leases, and a holder who does not let go.
func TestLockIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	remove := w.proxy.Fault(kubeproxy.Fault{Verb: "create", Resource: "leases", Kind: kubeproxy.Forbidden})
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "leases.coordination.k8s.io") {
		t.Errorf("error %v, and no advice about Leases:\n%s", err, problems(result))
	}
	if keys := w.aws.Writes(); len(keys) > 0 {
		t.Errorf("it wrote without the lock: %v", keys)
	}
	remove()
	w.holdLock(t)
	w.settings.LockTimeout = 500 * time.Millisecond
	result, err = w.up(t.Context())
	if err == nil || !hasProblem(result, "alice on elsewhere, process 42") || !hasProblem(result, "--lock-timeout") {
		t.Errorf("error %v, and the holder is not named:\n%s", err, problems(result))
	}
	if writes := w.aws.Writes(); len(writes) > 0 {
		t.Errorf("it wrote without the lock: %v", writes)
	}
}
