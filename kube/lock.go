package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/klog/v2"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

var (
	// ErrLocked means that another run holds the lock and did not release it in time; the error names it.
	ErrLocked = errors.New("another run holds the lock")
	// ErrLockLost means that the lock could not be renewed, so that another run may have it; nothing more is written.
	ErrLockLost = errors.New("the lock was lost")
	// ErrNoNamespace means that there is no lock to be had, since the lock's namespace is being deleted or gone.
	ErrNoNamespace = errors.New("its namespace is being deleted, or gone")
)

// Lock is a Lease that lets one run at a time write. Taking, renewal and expiry are client-go's leader election, and the
// Lease alone tells whether its holder lives: one that was killed is waited for until his Lease has stood still for its
// whole duration since this run first saw it. To count from the time that the Lease names would be a few seconds shorter,
// and would compare the clock of the holder's machine with ours: where they differ by more than the duration, a run that
// lives would lose its lock to another one.
type Lock struct {
	Client    *Client
	Namespace string
	Name      string
	Self      Holder
	Duration  time.Duration // life of the Lease without a renewal; whole seconds, at least one
	Patience  time.Duration // how long Acquire waits for another holder
	// Waiting is told each time that the lock is seen in other hands, with the time after which it is free unless the
	// holder renews it; may be nil.
	Waiting func(h Holder, left time.Duration)
	Now     func() time.Time
}

// Held is a lock that was acquired.
type Held struct {
	ctx    context.Context // the lock's life is what the caller derives its own from
	cancel context.CancelCauseFunc
	stop   context.CancelFunc
	done   chan struct{}
	lease  *lease
}

// Acquire takes the lock. The error is ErrLocked with the holder's name, ErrNoNamespace, ctx's cause, or what the API
// server said.
func (l *Lock) Acquire(ctx context.Context) (*Held, error) {
	electing, stop := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), logr.Discard()))
	held := &Held{stop: stop, done: make(chan struct{}), lease: l.lease()}
	held.ctx, held.cancel = context.WithCancelCause(ctx)
	held.lease.lost = func() { held.cancel(errTaken) }
	acquired := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: held.lease, ReleaseOnCancel: true, Name: l.Name,
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
		return fmt.Errorf("wait for lock Lease %s: %w", l.where(), context.Cause(ctx))
	case <-patience.C:
		return l.impatient(held.lease)
	}
}

func (l *Lock) impatient(seen *lease) error {
	holder, left, err := seen.last()
	if holder == nil && err != nil {
		return fmt.Errorf("take lock Lease %s: %w", l.where(), err)
	}
	who, when := "nobody that could be named", "a run that was killed frees its lock when its Lease ends"
	if holder != nil {
		who, when = holder.String(), fmt.Sprintf("if it was killed, its Lease ends in %s", left)
	}
	return hint.With(fmt.Errorf("take lock Lease %s: %w: %s", l.where(), ErrLocked, who), "wait for that run to end, or raise --lock-timeout; "+when,
		"if no run is at work, free it: "+hint.Command("kubectl", "-n", l.Namespace, "delete", "lease", l.Name))
}

func (l *Lock) where() string { return l.Namespace + "/" + l.Name }

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
