package kube

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// suspended is the time after the machine slept: the wall clock went on, the monotonic one stood still. Nothing in
// package time makes such a Time, so this writes the seconds into its first word, where a Time of a clock has them.
func suspended(now time.Time, slept time.Duration) time.Time {
	const nanosecondBits = 30
	*(*int64)(unsafe.Pointer(&now)) += int64(slept/time.Second) << nanosecondBits
	return now
}

func TestSuspended(t *testing.T) {
	t.Parallel()
	before := time.Now()
	after := suspended(before, time.Hour)
	if after.Sub(before) != 0 || after.Round(0).Sub(before.Round(0)) != time.Hour {
		t.Fatalf("%v later by the monotonic clock, %v by the wall's", after.Sub(before), after.Round(0).Sub(before.Round(0)))
	}
}

// TestLeaseFresh: the API server counts the lock's life by a clock that goes on, whatever this machine's do.
func TestLeaseFresh(t *testing.T) {
	t.Parallel()
	renewed := time.Now()
	for name, test := range map[string]struct {
		now  time.Time
		lost bool
	}{
		"just renewed":            {now: renewed.Add(time.Second)},
		"not renewed":             {now: renewed.Add(15 * time.Second), lost: true},
		"after a short sleep":     {now: suspended(renewed, 5*time.Second)},
		"after a long sleep":      {now: suspended(renewed, time.Hour), lost: true},
		"the wall clock set back": {now: suspended(renewed.Add(20*time.Second), -time.Hour), lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &lease{lock: &Lock{Duration: 15 * time.Second, Now: func() time.Time { return test.now }}, renewed: renewed}
			if err := l.fresh(); errors.Is(err, ErrLockLost) != test.lost {
				t.Errorf("got %v, want lost %v", err, test.lost)
			}
		})
	}
}

// TestLeaseIsNotRenewedLate: a process that slept while the answer to its renewal lay there takes the Lease for fresh.
func TestLeaseIsNotRenewedLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		slept  time.Duration
		holder string // "" lets go
		sent   bool
	}{
		"in time":           {slept: time.Second, holder: "us", sent: true},
		"late":              {slept: time.Minute, holder: "us"},
		"late, and lets go": {slept: time.Minute, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients := fake.NewClientset()
			now := time.Now()
			lock := &Lock{Client: &Client{Interface: clients}, Namespace: "gen3", Name: "lock", Duration: 15 * time.Second, Now: func() time.Time { return now }}
			lost := false
			l := lock.lease()
			l.lost = func() { lost = true }
			if err := l.Create(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "us"}); err != nil {
				t.Fatal(err)
			}
			now = now.Add(test.slept)
			clients.ClearActions()
			err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: test.holder})
			if sent := len(clients.Actions()) > 0; sent != test.sent || lost == test.sent || errors.Is(err, ErrLockLost) == test.sent {
				t.Errorf("sent %v, lost %v, error %v", sent, lost, err)
			}
		})
	}
}

// TestLeaseIsCountedFromItsFirstSight: the time that stands in it is of another machine's clock.
func TestLeaseIsCountedFromItsFirstSight(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var said []string
	lock := &Lock{Client: &Client{Interface: fake.NewClientset()}, Now: func() time.Time { return now }, Waiting: func(h Holder, left time.Duration) {
		said = append(said, h.User+" "+left.String())
	}}
	l := lock.lease()
	look := func(after time.Duration, holder, raw string) {
		now = now.Add(after)
		l.see(&resourcelock.LeaderElectionRecord{HolderIdentity: holder, LeaseDurationSeconds: 15, RenewTime: metav1.NewTime(now.Add(-time.Hour))}, []byte(raw))
	}
	look(0, "ada", "1")
	look(4*time.Second, "ada", "1")
	look(2*time.Second, "ada", "2")
	look(14*time.Second, "ada", "2")
	look(2*time.Second, "ada", "2")
	look(time.Second, "bob", "3")
	want := "ada 15s, ada 11s, ada 15s, ada 1s, ada 0s, bob 15s"
	if got := strings.Join(said, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLockThatIsRefused is what a person can do about it.
func TestLockThatIsRefused(t *testing.T) {
	t.Parallel()
	leases := schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	terminating := apierrors.NewForbidden(leases, "lock", errors.New("it is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	for name, test := range map[string]struct {
		err  error
		is   error
		hint string
	}{
		"no right": {err: apierrors.NewForbidden(leases, "lock", errors.New("no")), hint: "needs get, create and update on leases"},
		"no room": {
			err:  apierrors.NewForbidden(leases, "lock", errors.New("exceeded quota: few, requested: count/leases.coordination.k8s.io=1, used: 0, limited: 0")),
			hint: "kubectl -n gen3 describe resourcequota",
		},
		"namespace that goes":  {err: terminating, is: ErrNoNamespace, hint: "wait until namespace gen3 is gone"},
		"namespace that is no": {err: apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "gen3"), is: ErrNoNamespace},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients := fake.NewClientset()
			clients.PrependReactor("create", "leases", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, test.err })
			lock := &Lock{Client: &Client{Interface: clients}, Namespace: "gen3", Name: "lock", Duration: time.Second, Patience: time.Minute, Now: time.Now}
			_, err := lock.Acquire(t.Context())
			if err == nil || !strings.Contains(hint.Of(err), test.hint) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v (hint: %s)", err, hint.Of(err))
			}
		})
	}
}
