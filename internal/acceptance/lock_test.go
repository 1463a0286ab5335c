package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// holdLock makes the lock be held by a run on another machine.
func (w *world) holdLock(t *testing.T) {
	t.Helper()
	identity, err := json.Marshal(kube.Holder{User: "alice", Host: "elsewhere", PID: 42, Run: "other"})
	check(t, "marshal holder", err)
	text, seconds, now := string(identity), int32(60), metav1.NewMicroTime(time.Now())
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: kube.RecordName, Namespace: w.namespace},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &text, LeaseDurationSeconds: &seconds, RenewTime: &now, AcquireTime: &now},
	}
	_, err = w.kube.CoordinationV1().Leases(w.namespace).Create(t.Context(), lease, metav1.CreateOptions{})
	check(t, "create Lease", err)
}

// TestLossOfTheLockStopsWrites takes the Lease away in mid-run: nothing more is written but the deletion of the key that
// no Secret holds yet, and the next up finishes.
func TestLossOfTheLockStopsWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	restore := make(chan func(), 1)
	w.settings.Timing.Lease = 2 * time.Second
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", N: 1, Kind: awsfake.Hook, Hook: func(phase awsfake.Phase, _ awsfake.Call) {
		if phase != awsfake.Before {
			return
		}
		restore <- w.proxy.Fault(kubeproxy.Fault{Verb: "update", Resource: "leases", Kind: kubeproxy.Forbidden})
		gone := time.NewTimer(2 * w.settings.Timing.Lease)
		<-gone.C
		w.forgetCalls()
	}})
	w.settings.Timing.Request = 10 * time.Second
	w.settings.Timing.MintDeadline = 10 * time.Second
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "lock was lost") {
		t.Errorf("error %v, and nothing about the lock:\n%s", err, problems(result))
	}
	if keys := w.aws.Keys(w.settings.UserName); len(keys) > 0 {
		t.Errorf("keys are left: %v", keys)
	}
	w.mustHaveWrittenOnly(t, "DeleteAccessKey", "leases")
	(<-restore)()
	w.mustUp(t)
	w.liveKey(t)
	w.mustBeConverged(t)
}

// hasten makes the Leases that a killed run left in this world's namespaces short, so that a case need not wait for as
// long as a Lease must last that is renewed on a busy machine. The next run still waits for their end.
func (w *world) hasten(t *testing.T) {
	t.Helper()
	for _, namespace := range []string{w.namespace, w.settings.Helm.Namespace} {
		leases := w.kube.CoordinationV1().Leases(namespace)
		list, err := leases.List(t.Context(), metav1.ListOptions{LabelSelector: kube.ManagedByLabel + "=" + kube.ManagedBy})
		check(t, "list Leases", err)
		for _, lease := range list.Items {
			_, err := leases.Patch(t.Context(), lease.Name, types.MergePatchType, []byte(`{"spec":{"leaseDurationSeconds":1}}`), metav1.PatchOptions{})
			if !apierrors.IsNotFound(err) { // its namespace may be going
				check(t, "shorten Lease", err)
			}
		}
	}
}

// TestLockOfAKilledRunIsFreeWhenItsLeaseEnds: until then the next run says for whom it waits, and how long still.
func TestLockOfAKilledRunIsFreeWhenItsLeaseEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.Timing.Lease = 4 * time.Second
	p := w.command(t, "up")
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", N: 1, Kind: awsfake.KillAfter, Hook: func(awsfake.Phase, awsfake.Call) {
		p.signal(os.Kill)
	}})
	if code := w.run(t, p); code != -1 {
		t.Errorf("ended with %d:\n%s", code, p.stderr.String())
	}
	w.settings.LockTimeout = 500 * time.Millisecond
	if result, err := w.up(t.Context()); err == nil || !hasProblem(result, "if it was killed, its Lease ends in") {
		t.Errorf("impatient: error %v\n%s", err, problems(result))
	}
	w.settings.LockTimeout = 20 * time.Second
	begun := time.Now()
	w.mustUp(t)
	if took := time.Since(begun); took < 3*time.Second {
		t.Errorf("the lock of a run that nobody knew to be dead was taken after %s", took)
	}
	holder := fmt.Sprintf("process %d (gen3-bootstrap up)", p.cmd.Process.Pid)
	for _, text := range []string{holder, "its Lease ends in 4s unless it is renewed", "its Lease ends in 2s unless it is renewed"} {
		if !strings.Contains(w.output.String(), text) {
			t.Errorf("nothing says %q", text)
		}
	}
	w.liveKey(t)
}
