package bootstrap

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

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
