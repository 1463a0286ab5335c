package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
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
