package teardown

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// releases are those endings that are of a release.
func (t *teardown) releases() []*releaseRemoval {
	var out []*releaseRemoval
	for _, e := range t.all {
		if r, ok := e.remover.(*releaseRemoval); ok {
			out = append(out, r)
		}
	}
	return out
}

// split tells the releases' endings from the others, on which none of them depends.
func (t *teardown) split() (releases, others endings) {
	for _, e := range t.all {
		if _, ok := e.remover.(*releaseRemoval); ok {
			releases = append(releases, e)
		} else {
			others = append(others, e)
		}
	}
	return releases, others
}

// lockReleases takes the lock of each release that is ours, also of one that the plan leaves to other namespaces: under the
// lock it may turn out to be this run that takes it away. It reports whether it took any.
func (t *teardown) lockReleases(ctx context.Context) (more bool, err error) {
	if t.shared == nil {
		t.shared = map[string]*kube.Held{}
	}
	var wanted []string
	for _, r := range t.releases() {
		if r.concerns() && t.shared[r.step.Namespace] == nil {
			wanted = words.AddOnce(wanted, r.step.Namespace)
		}
	}
	for _, namespace := range slices.Sorted(slices.Values(wanted)) { // in an order in which no two runs wait for each other
		held, err := bootstrap.ReleaseLock{Run: t.Run}.Take(ctx, namespace, nil)
		if err != nil {
			return more, err
		}
		if held != nil {
			t.shared[namespace], more = held, true
		}
	}
	return more, nil
}

// letGo gives back the locks that are held still.
func (t *teardown) letGo() {
	for _, held := range t.shared {
		held.Release()
	}
	t.shared = nil
}

// mayWriteRelease is nil as long as both locks are held.
func (t *teardown) mayWriteRelease(namespace string) error {
	if held := t.shared[namespace]; held != nil {
		return errors.Join(t.Lock.Check(), held.Check())
	}
	return t.Lock.Check()
}

// mayCloseRecord is nil as long as no other run can have looked at the record and left it a release that this one leaves to
// that other. A lock that went with its namespace is no loss, as the release is gone.
func (t *teardown) mayCloseRecord() error {
	errs := []error{t.Lock.Check()}
	for _, r := range t.releases() {
		if held := t.shared[r.step.Namespace]; held != nil && r.left {
			errs = append(errs, held.Check())
		}
	}
	return errors.Join(errs...)
}

// deleteReleaseLocks lets the locks go, and deletes those of releases that are gone.
func (t *teardown) deleteReleaseLocks(ctx context.Context) (changed []plan.Change, err error) {
	all := maps.Clone(t.shared)
	t.letGo()
	var errs []error
	for _, e := range t.all {
		r, ok := e.remover.(*releaseRemoval)
		if !ok || all[r.step.Namespace] == nil || !e.settled() || r.left {
			continue
		}
		delete(all, r.step.Namespace)
		deleted, err := t.Target.Kube.DeleteLease(ctx, r.step.Namespace, kube.ReleaseLockName, t.Target.Self)
		if err != nil {
			errs = append(errs, fmt.Errorf("the release is gone, and its lock is not: %w", err))
		}
		if change := r.lockChange(); deleted && slices.ContainsFunc(e.planned, r.isLock) {
			t.Env.Sink.Emit(event.Event{Time: t.Env.Now(), Type: event.Changed, Step: bootstrap.HelmStep, Change: &change})
			changed = append(changed, change)
		}
	}
	return changed, errors.Join(errs...)
}

func (t *teardown) isReleaseLock(c plan.Change) bool {
	return slices.ContainsFunc(t.releases(), func(r *releaseRemoval) bool { return r.isLock(c) })
}

// concerns reports whether the release is one that this run removes, or leaves to other namespaces.
func (r *releaseRemoval) concerns() bool { return r.left || plan.Pending(r.planned) }

// isLock reports whether a change is that of the lock.
func (r *releaseRemoval) isLock(c plan.Change) bool {
	return c.Resource == r.lockChange().Resource && c.Action == plan.Delete
}

func (r *releaseRemoval) lockChange() plan.Change {
	return plan.Change{
		Step: r.Name(), Resource: plan.In(plan.Lease, r.step.Namespace, kube.ReleaseLockName),
		Action: plan.Delete, Reason: "the lock of runs on the release",
	}
}

// withLock adds the lock to what goes, where it does not go with its namespace.
func (r *releaseRemoval) withLock(ctx context.Context, all []plan.Change) ([]plan.Change, error) {
	namespace := plan.Of(plan.Namespace, r.step.Namespace)
	if slices.ContainsFunc(all, func(c plan.Change) bool { return c.Resource == namespace && c.Action == plan.Delete }) {
		return all, nil
	}
	lock, err := r.client.LockState(ctx, r.step.Namespace, kube.ReleaseLockName)
	if apierrors.IsForbidden(err) {
		return all, nil // then it may not be deleted either
	}
	if lock != nil && lock.Ours {
		all = append(all, r.lockChange())
	}
	return all, err
}
