package accesskey

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// lookAround finds who else has the key that a rotation is about: copies of the Secrets, and workloads. It reports whether copies
// were found that the Secrets must be observed with.
func (k *Up) lookAround(ctx context.Context, view *keyView) (again bool, err error) {
	if k.Rotation == nil && k.plan.replaced == nil {
		return false, nil
	}
	if k.plan.replaced != nil && !k.plan.replaced.idle.IsZero() {
		return false, nil
	}
	for _, key := range k.plan.turning() {
		if slices.Contains(k.around, key.ID) {
			continue
		}
		k.around = append(k.around, key.ID)
		found, err := k.findCopies(ctx, key)
		if err != nil {
			return false, err
		}
		again = again || found
	}
	if again {
		return true, nil
	}
	view.copies = k.copies
	if k.plan.old != nil && k.Read != nil {
		if err := k.Read(ctx, *k.plan.old); err != nil {
			view.denied = iamsetup.Plain(err)
		}
	}
	if k.Readers == nil {
		return false, nil
	}
	before := view.now
	if k.plan.replaced != nil {
		before = k.plan.replaced.since.Add(ClockSkew)
	}
	view.stale, err = k.Readers.Stale(ctx, k.secretNames(), before)
	return false, err
}

// findCopies searches for Secrets with a key. Those in the form of ours are then observed and written like ours. Of a key of which
// only the id is known those of other namespaces have to be proved: anybody can write an id.
func (k *Up) findCopies(ctx context.Context, key credential.Key) (some bool, err error) {
	found, everywhere, err := k.Store.Copies(ctx, key)
	if err != nil {
		return false, err
	}
	if !everywhere {
		k.warn("Secrets of other namespaces may not be listed, so it is not known whether one of them has access key " + key.ID + " too")
	}
	for _, c := range found {
		if key.Secret.IsZero() && !c.InForm && !inNamespace(c.Name, k.Owner.Namespace) {
			continue // it may be forged, and nothing proves it
		}
		k.copies = append(k.copies, c)
		if c.InForm {
			k.Store.Include(c.Name)
			some = true
		}
	}
	return some, nil
}

func inNamespace(ref, namespace string) bool {
	return len(ref) > len(namespace) && ref[:len(namespace)+1] == namespace+"/"
}

// awaitReaders waits until everybody has read the Secrets again, and reports whether some must be restarted by hand before.
func (k *Up) awaitReaders(ctx context.Context, say iamsetup.Report, r replacement) (waits bool, err error) {
	if k.Readers == nil {
		return false, nil
	}
	secrets := k.secretNames()
	if err := k.Readers.Refresh(ctx, secrets, say.Waiting); err != nil {
		return false, err
	}
	mounted, err := k.Readers.Mounted(ctx, secrets)
	if err != nil {
		return false, err
	}
	lag := cmp.Or(k.MountLag, usualMountLag)
	if end := r.since.Add(lag); mounted && k.AWS.Clock.Now().Before(end) {
		if err := k.sleepUntil(ctx, say, end, "the kubelets, which renew the files of mounted Secrets within "+lag.String()); err != nil {
			return false, err
		}
	}
	old := r.since.Add(ClockSkew) // a pod that began then may have begun before
	stale, err := k.Readers.Stale(ctx, secrets, old)
	if err != nil || len(stale) == 0 {
		return false, err
	}
	if k.Rotation != nil && k.Rotation.Restart {
		able := slices.DeleteFunc(slices.Clone(stale), func(r credential.Reader) bool { return !r.Restarts })
		if err := k.sleepUntil(ctx, say, r.since.Add(2*ClockSkew), "the clocks, so that new pods can be told from old ones"); err != nil {
			return false, err
		}
		if err := k.Readers.Restart(ctx, able, say.Waiting); err != nil {
			return false, err
		}
		for _, r := range able {
			say.Changed(plan.Change{Step: Step, Resource: r.Name, Action: plan.Update, Reason: "restarted, since its pods read the key when they start (" + r.How + ")"})
		}
		if stale, err = k.awaitOldPods(ctx, say, secrets, old); err != nil || len(stale) == 0 {
			return false, err
		}
	}
	k.warn(keptWarning(r.id, stillRead(stale)))
	return true, nil
}

// awaitOldPods waits until the last pods of what was restarted are gone, and returns who is stale all the same.
func (k *Up) awaitOldPods(ctx context.Context, say iamsetup.Report, secrets []string, since time.Time) (stale []credential.Reader, err error) {
	err = k.Pace.Until(ctx, oldPodsLimit, func(ctx context.Context) (bool, error) {
		if stale, err = k.Readers.Stale(ctx, secrets, since); err != nil {
			return false, err
		}
		left := slices.DeleteFunc(slices.Clone(stale), func(r credential.Reader) bool { return !r.Restarts })
		if len(left) > 0 {
			say.Waiting("the last pods of " + readerNames(left) + " to end")
		}
		return len(left) == 0, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		err = nil
	}
	return stale, err
}

// ClockSkew is by how much the clocks of AWS and of the cluster's nodes may differ, with the part of a second that their times leave out.
const ClockSkew = 2 * time.Second

// oldPodsLimit is how long the pods of a workload that was restarted may take to end.
const oldPodsLimit = 5 * time.Minute
