package kube

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func (l *Lock) lease() *lease {
	return &lease{
		LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: l.Namespace, Name: l.Name},
			Client:     l.Client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: l.Self.identity()},
			Labels:     map[string]string{ManagedByLabel: ManagedBy},
		},
		lock: l, refused: make(chan error, 1),
	}
}

// RehearseLease fails if a Lease could not be made: quota and admission have their say, and nothing persists.
func (c *Client) RehearseLease(ctx context.Context, namespace, name string) error {
	object := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{ManagedByLabel: ManagedBy}}}
	_, err := c.CoordinationV1().Leases(namespace).Create(ctx, object, metav1.CreateOptions{FieldManager: FieldManager, DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return fmt.Errorf("create Lease %s/%s: %w", namespace, name, err)
	}
	return nil
}

// lease is client-go's LeaseLock with what leader election keeps to itself: why an attempt failed, who holds the lock and
// for how long, when it was last renewed.
type lease struct {
	*resourcelock.LeaseLock

	lock    *Lock
	refused chan error // what cannot be cured by trying again
	lost    func()     // called when a lock that was ours is seen in other hands, or in nobody's

	mu      sync.Mutex
	seen    sighting // of another's hold, the last one
	err     error
	before  time.Time // when another run last renewed the lock, or let it go
	renewed time.Time
	taken   bool // by another run, as far as can be told, after it was ours
}

// sighting is a Lease in other hands.
type sighting struct {
	holder   *Holder
	raw      string
	since    time.Time // when it was first seen so
	duration time.Duration
}

// left is how long it takes until the Lease ends, if nobody renews it, in whole seconds. Leader election counts in the
// same way.
func (s sighting) left(now time.Time) time.Duration {
	return max(0, s.duration-now.Sub(s.since)).Round(time.Second)
}

// Get reads the Lease. One that was ours and is not any more remains lost, even when it is free again: leader election would just
// take it once more, and never tell that another run was at work in between, as it may be while this process or its
// machine is asleep.
func (l *lease) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.LeaseLock.Get(ctx)
	if l.wasOurs() && (apierrors.IsNotFound(err) || err == nil && record.HolderIdentity != l.Identity()) {
		l.lose()
		return nil, nil, errTaken
	}
	if err != nil {
		return record, raw, l.note(err)
	}
	l.noteBefore(record.RenewTime.Time)
	if record.HolderIdentity != "" && record.HolderIdentity != l.Identity() {
		l.see(record, raw)
	}
	return record, raw, nil
}

// Create makes the Lease.
func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.timed(func() error {
		err := l.LeaseLock.Create(ctx, record)
		if apierrors.IsNotFound(err) {
			err = fmt.Errorf("%w: %w", ErrNoNamespace, err)
			l.refuse(err, "")
		}
		return err
	})
}

// Update renews, takes over or releases the Lease, under the resourceVersion of the last Get. One whose time is over is not
// renewed: the answer to a renewal may have been read long after it was given, and leader election counts from then.
func (l *lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if err := l.fresh(); err != nil && l.wasOurs() && record.HolderIdentity != "" {
		l.lose()
		return err
	}
	return l.timed(func() error { return l.LeaseLock.Update(ctx, record) })
}

func (l *lease) timed(write func() error) error {
	before := l.lock.Now()
	if err := write(); err != nil {
		return l.note(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = before
	return nil
}

var errTaken = fmt.Errorf("%w: another run has had it since", ErrLockLost)

func (l *lease) wasOurs() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.renewed.IsZero()
}

// noteBefore keeps when the lock was last renewed by somebody else: until that lies far enough back, what a run wrote
// elsewhere may not show yet.
func (l *lease) noteBefore(renewed time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.renewed.IsZero() {
		l.before = renewed
	}
}

func (l *lease) lose() {
	l.mu.Lock()
	l.taken = true
	l.mu.Unlock()
	l.lost()
}

func (l *lease) see(record *resourcelock.LeaderElectionRecord, raw []byte) {
	now := l.lock.Now()
	l.mu.Lock()
	if l.seen.raw != string(raw) {
		holder := parseHolder(record.HolderIdentity)
		l.seen = sighting{holder: &holder, raw: string(raw), since: now, duration: time.Duration(record.LeaseDurationSeconds) * time.Second}
	}
	seen := l.seen
	l.mu.Unlock()
	if l.lock.Waiting != nil {
		l.lock.Waiting(*seen.holder, seen.left(now))
	}
}

// note keeps an error for whoever loses patience, and ends the waiting where only a person can help.
func (l *lease) note(err error) error {
	l.mu.Lock()
	l.err = err
	l.mu.Unlock()
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		l.refuse(fmt.Errorf("%w: %w", ErrNoNamespace, err), "wait until namespace "+l.lock.Namespace+" is gone")
	case quotaHint(err, l.lock.Namespace) != "":
		l.refuse(err, quotaHint(err, l.lock.Namespace))
	case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsInvalid(err):
		l.refuse(err, "the caller needs get, create and update on leases.coordination.k8s.io in namespace "+l.lock.Namespace)
	}
	return err
}

func (l *lease) refuse(err error, advice string) {
	select {
	case l.refused <- hint.With(fmt.Errorf("take lock Lease %s: %w", l.lock.where(), err), advice):
	default: // the first one is told
	}
}

func (l *lease) last() (holder *Holder, left time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen.holder, l.seen.left(l.lock.Now()), l.err
}

func (l *lease) fresh() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return errTaken
	}
	if age := elapsed(l.renewed, l.lock.Now()); age >= l.lock.Duration {
		return fmt.Errorf("%w: not renewed for %s", ErrLockLost, age.Round(time.Second))
	}
	return nil
}

// elapsed is the longer of the two clocks' answers: the monotonic one stands still while a machine is suspended, and
// the wall's may be set back.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}
