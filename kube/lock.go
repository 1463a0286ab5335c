package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

var (
	// ErrLocked means that another run holds the lock and did not let go in time; the error names it.
	ErrLocked = errors.New("another run holds the lock")
	// ErrLockLost means that the lock could not be renewed, so that another run may have it; nothing more is written.
	ErrLockLost = errors.New("the lock was lost")
)

// Lock is the Lease that lets one run at a time write in a namespace. Renewal and expiry are client-go's leader
// election; what is ours is that a holder on this machine whose process is gone counts as dead at once, while leader
// election would wait a whole duration from its own first sight of the Lease.
type Lock struct {
	Client    *Client
	Namespace string
	Self      Holder
	Duration  time.Duration  // life of the Lease without a renewal; whole seconds, at least one
	Patience  time.Duration  // how long Acquire waits for another holder
	Waiting   func(h Holder) // told each time that the lock is seen in other hands; may be nil
	Now       func() time.Time
}

// Held is a lock that was acquired.
type Held struct {
	ctx    context.Context // the lock's life is what the caller derives its own from
	cancel context.CancelCauseFunc
	stop   context.CancelFunc
	done   chan struct{}
	lease  *lease
}

// Acquire takes the lock. The error is ErrLocked with the holder's name, ctx's cause, or what the API server said.
func (l *Lock) Acquire(ctx context.Context) (*Held, error) {
	electing, stop := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), logr.Discard()))
	held := &Held{stop: stop, done: make(chan struct{}), lease: l.lease(ctx)}
	held.ctx, held.cancel = context.WithCancelCause(ctx)
	held.lease.lost = func() { held.cancel(errTaken) }
	acquired := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: held.lease, ReleaseOnCancel: true, Name: RecordName,
		LeaseDuration: l.Duration, RenewDeadline: l.Duration * 2 / 3, RetryPeriod: l.Duration / 8,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(acquired) },
			OnStoppedLeading: func() { held.cancel(ErrLockLost) },
		},
	})
	if err != nil {
		stop()
		return nil, fmt.Errorf("prepare lock: %w", err)
	}
	go func() {
		defer close(held.done)
		elector.Run(electing)
	}()
	if err := l.await(ctx, held, acquired); err != nil {
		held.Release()
		return nil, err
	}
	return held, nil
}

func (l *Lock) await(ctx context.Context, held *Held, acquired <-chan struct{}) error {
	patience := time.NewTimer(l.Patience)
	defer patience.Stop()
	select {
	case <-acquired:
		return nil
	case err := <-held.lease.refused:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for lock: %w", context.Cause(ctx))
	case <-patience.C:
		return l.impatient(held.lease)
	}
}

func (l *Lock) impatient(seen *lease) error {
	holder, err := seen.last()
	if holder == nil && err != nil {
		return fmt.Errorf("take lock Lease %s/%s: %w", l.Namespace, RecordName, err)
	}
	who := "nobody that could be named"
	if holder != nil {
		who = holder.String()
	}
	return hint.With(fmt.Errorf("take lock Lease %s/%s: %w: %s", l.Namespace, RecordName, ErrLocked, who),
		"wait for that run to end, or raise --lock-timeout; a run that was killed elsewhere frees its lock after "+l.Duration.String())
}

// Context is done when the lock is lost (cause ErrLockLost) or when the context given to Acquire is.
func (h *Held) Context() context.Context { return h.ctx }

// Check returns ErrLockLost unless the lock was renewed within its duration. It is asked right before writes that
// two runs must not both make, for a process that was stopped and wakes up learns of its loss late.
func (h *Held) Check() error {
	if err := h.lease.fresh(); err != nil {
		return err
	}
	if cause := context.Cause(h.ctx); errors.Is(cause, ErrLockLost) {
		return cause
	}
	return nil
}

// RenewedBefore is when another run last renewed the lock or let it go, before this one had it; zero when there was none.
func (h *Held) RenewedBefore() time.Time {
	h.lease.mu.Lock()
	defer h.lease.mu.Unlock()
	return h.lease.before
}

// Release gives the lock back and waits until the API server has heard of it, or the renewal's deadline has passed.
func (h *Held) Release() {
	h.stop()
	<-h.done
	h.cancel(nil)
}

func (l *Lock) lease(ctx context.Context) *lease {
	return &lease{
		LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: l.Namespace, Name: RecordName},
			Client:     l.Client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: l.Self.identity()},
			Labels:     map[string]string{ManagedByLabel: ManagedBy},
		},
		lock: l, refused: make(chan error, 1), gone: func(h Holder) bool { return h.Gone(ctx) },
	}
}

// lease is client-go's LeaseLock with what leader election keeps to itself: why an attempt failed, who holds the lock,
// when it was last renewed.
type lease struct {
	*resourcelock.LeaseLock

	lock    *Lock
	gone    func(Holder) bool
	refused chan error // what cannot be cured by trying again
	lost    func()     // called when a lock that was ours is seen in other hands, or in nobody's

	mu      sync.Mutex
	holder  *Holder // another's, when last seen
	err     error
	before  time.Time // when another run last renewed the lock, or let it go
	renewed time.Time
	taken   bool // by another run, after it was ours
}

// Get shows the Lease of a dead holder as free. One that was ours and is no more stays lost, even when it is free again:
// leader election would just take it once more, and never tell that another run was at work in between, as it may be
// while this process or its machine is asleep.
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
		holder := parseHolder(record.HolderIdentity)
		if l.gone(holder) {
			record.HolderIdentity = ""
			return record, append([]byte("gone "), raw...), nil
		}
		l.see(holder)
	}
	return record, raw, nil
}

// Create makes the Lease.
func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.timed(func() error { return l.LeaseLock.Create(ctx, record) })
}

// Update renews, takes over or releases the Lease, under the resourceVersion of the last Get.
func (l *lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
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

func (l *lease) see(h Holder) {
	l.mu.Lock()
	l.holder = &h
	l.mu.Unlock()
	if l.lock.Waiting != nil {
		l.lock.Waiting(h)
	}
}

func (l *lease) note(err error) error {
	l.mu.Lock()
	l.err = err
	l.mu.Unlock()
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsInvalid(err) {
		refused := hint.With(fmt.Errorf("take lock Lease %s/%s: %w", l.lock.Namespace, RecordName, err),
			"the caller needs get, create and update on leases.coordination.k8s.io in namespace "+l.lock.Namespace)
		select {
		case l.refused <- refused:
		default:
		}
	}
	return err
}

func (l *lease) last() (*Holder, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder, l.err
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
