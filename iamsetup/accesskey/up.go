// Package accesskey owns the access key of a user: the protocol by which it is made, proved, stored and entered on the user, and
// the keys of earlier runs. Deciding is pure: a function of what was observed. The package must not know what a Secret is in
// Kubernetes, nor how its user is made.
package accesskey

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name of the step that owns the access key and the Secrets which hold it.
const Step = "access-key"

// Store is where the key is kept: Secrets in Kubernetes. kube.KeySecrets is one.
type Store interface {
	// Observe returns what each Secret holds, in a fixed order.
	Observe(ctx context.Context) ([]credential.Held, error)
	// Rehearse fails if the Secret could not be written. Nothing persists.
	Rehearse(ctx context.Context, held credential.Held) error
	// Holders returns, by key id, which Secrets of the whole cluster hold one of the keys.
	Holders(ctx context.Context, ids []string) (map[string][]string, error)
	// Copies finds further Secrets that have a key, both halves of it where the secret half is given. Everywhere is false where only
	// the own namespace may be searched.
	Copies(ctx context.Context, key credential.Key) (found []credential.Copy, everywhere bool, err error)
	// Include adds such copies to those that Observe reads and Write writes.
	Include(refs ...string)
	// Write puts key into the Secret last observed as held and reads it back; nil means that the Secret holds it.
	Write(ctx context.Context, held credential.Held, key credential.Key) error
}

// Up is the step for the key and its Secrets. They are one step, since AWS shows the secret half once and
// neither is of use without the other.
type Up struct {
	AWS     *iamsetup.AWS
	Lookup  *principal.UserLookup
	Store   Store
	Earlier Store // Secrets that an earlier up filled and this one does not: their key is used further; nil: none
	Owner   iamsetup.Owner
	Pace    iamsetup.Pace
	Adopt   bool
	Agreed  []string     // keys that are not ours and that may be deleted, as long as nobody uses them; only with Adopt
	Guard   func() error // ErrLockLost and the like, when another run may be writing; asked before each critical write
	// Lagging reports whether a run wrote here a moment ago, so that IAM may not show yet what there is; nil: no.
	Lagging func() bool
	// Unlocked says that there is no Lease in the namespace: where the user was made for it all the same, somebody took the
	// Lease away, and when a run last wrote is not known.
	Unlocked bool

	// Rotation replaces the key in use; nil: up, which only ends what a rotation began.
	Rotation *Rotation
	Readers  Readers // nil: nobody is asked
	// Read reads from Secrets Manager with a key. An error means that the key may not, or not yet. nil: it is not tried.
	Read func(ctx context.Context, key credential.Key) error
	// MountLag is how long after a change of a Secret a pod that mounts it may still see the old one; 0: the kubelet's usual time.
	MountLag time.Duration
	// AnyUser reads announcements also from a user without our mark, whom a rotation with Adopt may be told to work on.
	AnyUser bool

	view     keyView
	plan     keyPlan
	key      string            // id of the key in use, once known
	around   []string          // ids of keys that copies were looked for of
	copies   []credential.Copy // that were found
	under    *replacement      // that this run began
	deadline time.Time         // AWS's time at which this run ends; zero: it has no limit
	warnings []string
}

// Name is the step's name.
func (k *Up) Name() string { return Step }

// KeyID is the id of the key that the Secrets hold, "" while there is none.
func (k *Up) KeyID() string { return k.key }

// Apply does what the last Observe said, and waits first for what that left in doubt.
func (k *Up) Apply(ctx context.Context, sink event.Sink) error {
	say := iamsetup.Report{Sink: sink, Step: Step}
	if err := k.meetUser(ctx); err != nil {
		return err
	}
	if err := k.settle(ctx, say); err != nil {
		return err
	}
	if err := k.delete(ctx, say, k.plan.before); err != nil {
		return err
	}
	if err := k.store(ctx, say); err != nil {
		return err
	}
	if err := k.enter(ctx, say); err != nil {
		return err
	}
	if err := k.delete(ctx, say, k.plan.after); err != nil {
		return err
	}
	return k.replace(ctx, say)
}

func (k *Up) delete(ctx context.Context, say iamsetup.Report, keys []doomed) error {
	for _, x := range keys {
		if err := k.Guard(); err != nil {
			return err
		}
		if err := k.deleteKey(ctx, say, x.id); err != nil {
			return err
		}
		say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, x.id), Action: plan.Delete, Reason: x.reason})
	}
	return nil
}

// deleteKey deletes one key and its entry on the user, also after an interrupt.
func (k *Up) deleteKey(ctx context.Context, say iamsetup.Report, id string) error {
	call, cancel := k.Pace.Begun(ctx)
	defer cancel()
	what := "delete access key " + id + " of IAM user " + k.Lookup.UserName
	err := k.Pace.TakeAway(call, say.Waiting, what, func(ctx context.Context) error {
		_, err := k.AWS.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &k.Lookup.UserName, AccessKeyId: &id})
		return iamsetup.Wrap(what, err)
	})
	if err != nil {
		return hint.With(err, "run the same command again, or: "+deleteKeyCommand(k.Lookup.UserName, id))
	}
	if k.view.tagged(id) == "" {
		return nil
	}
	return k.untag(call, say, iamsetup.TagKey+id)
}

// store brings the Secrets to hold the source, which is minted first where there is none.
func (k *Up) store(ctx context.Context, say iamsetup.Report) error {
	if k.plan.source == nil {
		if err := k.beforeRotation(ctx, say); err != nil {
			return err
		}
		return k.mint(ctx, say)
	}
	return k.fill(ctx, say, *k.plan.source, k.plan.fills)
}

// fill writes the key to the Secrets. From the first one that holds it, a run only goes forward.
func (k *Up) fill(ctx context.Context, say iamsetup.Report, key credential.Key, fills []fill) error {
	for _, f := range fills {
		if err := k.Guard(); err != nil {
			return err
		}
		if err := k.Store.Write(ctx, f.held, key); err != nil {
			return err
		}
		say.Changed(plan.Change{Step: Step, Resource: plan.At(plan.Secret, f.held.Name), Action: f.action, Reason: f.reason})
	}
	return nil
}
