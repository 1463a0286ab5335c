package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// sharedRelease is what a look at the release found out about runs for other namespaces.
type sharedRelease struct {
	lock      *ReleaseLock // nil: nothing will be written, so that others' runs do not matter
	namespace string       // of the release that is used or will be made; "" for one that no teardown of ours takes away
	busy      bool         // another run may hold the lock
	changes   []plan.Change
}

// settled reports that there is nothing to do, and nobody else who may be at work.
func (s *sharedRelease) settled() bool {
	return s.namespace == "" || !s.busy && !plan.Pending(s.changes)
}

// releaseBusy reports whether another run may be at work on the release, so that it has to be looked at again.
func (s *Steps) releaseBusy() bool { return s.Release != nil && s.Release.shared.busy }

// observeRelease looks whether another run holds the lock, and only then at the release; see releaseLock.
func (o *operatorStep) observeRelease(ctx context.Context) ([]plan.Change, error) {
	for {
		where := cmp.Or(o.shared.namespace, o.Namespace)
		busy, lockErr := o.isBusy(ctx, where)
		if err := o.lookAt(ctx); err != nil {
			return nil, err
		}
		switch o.shared.busy = busy; o.shared.namespace {
		case "":
			return o.shared.changes, nil
		case where:
			return o.shared.changes, lockErr
		}
	}
}

// isBusy asks nothing where nothing hangs on it: a run that has yet to write its record looks again in any case.
func (o *operatorStep) isBusy(ctx context.Context, namespace string) (bool, error) {
	if o.shared.lock == nil || !o.shared.lock.Run.Target.Record.Exists() {
		return false, nil
	}
	return o.shared.lock.busy(ctx, namespace)
}

func (o *operatorStep) lookAt(ctx context.Context) (err error) {
	if o.shared.changes, err = o.Step.Observe(ctx); err != nil {
		return err
	}
	switch {
	case o.State() != helminstall.Elsewhere:
		o.shared.namespace = o.Namespace
	case o.Ours():
		o.shared.namespace = o.Release().Namespace
	default:
		o.shared.namespace = ""
	}
	return nil
}

// Apply writes the release under the lock, and waits without it until its operator serves: what this run says at its end is true.
func (o *operatorStep) Apply(ctx context.Context, sink event.Sink) error {
	if err := o.converge(ctx, sink); err != nil {
		return err
	}
	return o.awaitOperator(ctx, sink)
}

func (o *operatorStep) awaitOperator(ctx context.Context, sink event.Sink) error {
	if err := o.Await(ctx, sink); err != nil {
		return err
	}
	return o.AwaitWebhook(ctx, sink)
}

// converge looks again where the release was up to date, since only by now the record is written for sure, and takes the
// lock where it is not, or where another run may be at work.
func (o *operatorStep) converge(ctx context.Context, sink event.Sink) error {
	if o.shared.settled() && o.shared.namespace != "" {
		if _, err := o.shared.lock.awaitNamespace(ctx, o.shared.namespace); err != nil {
			return err
		}
		changes, err := o.observeRelease(ctx)
		if err = errors.Join(err, blockedBy(changes)); err != nil {
			return err
		}
	}
	for !o.shared.settled() {
		done, err := o.convergeLocked(ctx, sink)
		if done || err != nil {
			return err
		}
	}
	return nil
}

// convergeLocked is not done where it has to be begun anew: the namespace is gone, or under the lock another release turns
// out to be the one that counts.
func (o *operatorStep) convergeLocked(ctx context.Context, sink event.Sink) (done bool, err error) {
	where := o.shared.namespace
	var create func(context.Context) error // of another release's namespace there is none: only the settings' is ours to make
	if where == o.Namespace {
		create = func(ctx context.Context) error { return o.MakeNamespace(ctx, sink) }
	}
	held, err := o.shared.lock.Take(ctx, where, create)
	if err != nil {
		return false, err
	}
	if held == nil { // the namespace went since the last look
		return false, o.lookAt(ctx)
	}
	defer held.Release()
	o.shared.busy = false
	if err := o.lookAt(held.Context()); err != nil { //nolint:contextcheck // the lock's context is derived from ctx
		return false, err
	}
	if err := blockedBy(o.shared.changes); err != nil {
		return false, err
	}
	if o.shared.namespace != where {
		return false, nil
	}
	if err := held.Check(); err != nil {
		return false, fmt.Errorf("write Helm release: %w", err)
	}
	return true, o.Converge(held.Context(), sink) //nolint:contextcheck // the lock's context is derived from ctx
}

func blockedBy(changes []plan.Change) error {
	for _, c := range plan.BlockedIn(changes) {
		return hint.Blocked(c)
	}
	return nil
}

// ReleaseLock is the Lease of what the namespaces of a cluster share, the Helm release, in the release's own namespace.
// Each run's exit code has to be true whatever other namespaces' runs do at the same time. That takes three rules:
//
//   - A run that writes or removes the release holds the lock, and looks at the release again under it.
//   - teardown holds the lock from its last look at the records of other namespaces until its own record is gone or
//     written. So of two teardowns the second one sees that the first has no record any more, and takes the release away.
//   - up that finds the release up to date takes no lock. Its record was written before; then it sees that nobody holds
//     the lock; then it looks at the release. A teardown that took the lock earlier has ended before that look, and a
//     later one sees the record.
//
// The namespace's own lock is always taken first, and nothing is waited for by who holds this one, so that no two runs
// wait for each other. A run that was killed under the lock leaves it to its Lease's end; what it left is finished by the
// same command again, as it is observed anew.
type ReleaseLock struct{ Run *Run }

// Take takes the lock in a namespace that exists, or that create makes; nil without an error means that there is none. A
// namespace that is being deleted, as it is by the teardown of another namespace, is waited for.
func (l ReleaseLock) Take(ctx context.Context, namespace string, create func(context.Context) error) (*kube.Held, error) {
	for created := false; ; {
		ns, err := l.awaitNamespace(ctx, namespace)
		if err != nil {
			return nil, err
		}
		if ns == nil {
			if create == nil || created {
				return nil, nil
			}
			if err := create(ctx); err != nil {
				return nil, err
			}
			created = true
		}
		// What another run does to the release may take as long as it is given, as this one's work may.
		patience := max(l.Run.Settings.LockTimeout, l.Run.Settings.Timeout)
		held, err := l.Run.lockAt(HelmStep, namespace, kube.ReleaseLockName, patience).Acquire(ctx)
		if !errors.Is(err, kube.ErrNoNamespace) {
			return held, err
		}
	}
}

// busy reports whether another run may hold the lock.
func (l ReleaseLock) busy(ctx context.Context, namespace string) (bool, error) {
	state, err := l.Run.Target.Kube.LockState(ctx, namespace, kube.ReleaseLockName)
	if err != nil {
		return false, hint.With(err, "it tells whether another namespace's run is at work on the release: allow to get that Lease, or leave the release out with --skip-helm")
	}
	return state.MayLive(l.Run.Target.Self, l.Run.Env.Now()), nil
}

// awaitNamespace returns the namespace once it is not about to go; nil when there is none.
func (l ReleaseLock) awaitNamespace(ctx context.Context, name string) (ns *corev1.Namespace, err error) {
	timing := l.Run.Target.Settings.Timing
	waitErr := wait.PollUntilContextCancel(ctx, timing.Poll, true, func(ctx context.Context) (bool, error) {
		if ns, err = l.Run.Target.Kube.GetNamespace(ctx, name); err != nil {
			return false, err
		}
		if ns == nil || ns.DeletionTimestamp == nil {
			return true, nil
		}
		l.Run.waiting(HelmStep, "namespace "+name+" to be gone")
		return false, nil
	})
	if err == nil && waitErr != nil {
		err = fmt.Errorf("wait for namespace %s: %w", name, context.Cause(ctx))
	}
	return ns, err
}
