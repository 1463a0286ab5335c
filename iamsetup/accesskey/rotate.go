package accesskey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Warnings is what there is to say beside the changes.
func (k *Up) Warnings() []string {
	if d := (&decision{v: k.view, r: k.rules(false), keyPlan: k.plan}); d.replaced != nil && d.due() != "" {
		return words.AddOnce(k.warnings, keptWarning(d.replaced.id, d.due()))
	}
	return k.warnings
}

// keptWarning is about a replaced key that is still there when a run ends.
func keptWarning(id, why string) string {
	return "access key " + id + " was replaced and is kept: " + why
}

func (k *Up) warn(text string) { k.warnings = words.AddOnce(k.warnings, text) }

// replacing is the tag by which the next run knows that a key is on its way out; none where nothing is replaced.
func (k *Up) replacing() iamsetup.Tags {
	if k.plan.old == nil {
		return nil
	}
	k.under = &replacement{id: k.plan.old.ID, since: k.AWS.Clock.Now(), grace: k.Rotation.grace()}
	return k.under.tags(k.Owner)
}

// beforeRotation makes sure that the operator reads well with the old key: else nobody could tell later whether the new one is at
// fault.
func (k *Up) beforeRotation(ctx context.Context, say iamsetup.Report) error {
	if k.plan.old == nil || k.Readers == nil {
		return nil
	}
	return k.Readers.Refresh(ctx, k.secretNames(), say.Waiting)
}

// replace ends the key that another one has replaced: by then all Secrets hold the new one.
func (k *Up) replace(ctx context.Context, say iamsetup.Report) error {
	r := k.under
	if r == nil {
		r = k.plan.replaced
	}
	if r == nil {
		return nil
	}
	if !r.written { // else a pod that starts now may still have read the old one
		r.since, r.written = k.AWS.Clock.Now(), true
		if err := k.tag(ctx, say, r.tags(k.Owner)); err != nil {
			return err
		}
	}
	if r.changed { // a later run goes by the tag
		r.changed = false
		if err := k.tag(ctx, say, r.tags(k.Owner)); err != nil {
			return err
		}
	}
	if r.idle.IsZero() {
		if idle, err := k.endUse(ctx, say, r); err != nil || !idle {
			return err
		}
	}
	return k.expire(ctx, say, *r)
}

// endUse has everybody read the new key, and then makes the old one inactive. It reports whether that came about: it does not
// while pods have the old key that only a restart gives the new one.
func (k *Up) endUse(ctx context.Context, say iamsetup.Report, r *replacement) (bool, error) {
	if len(k.plan.holding) > 0 {
		return false, nil // which Warnings tells
	}
	if waits, err := k.awaitReaders(ctx, say, *r); err != nil || waits {
		return false, err
	}
	if err := k.proveSecrets(ctx, say); err != nil {
		return false, err
	}
	if err := k.setActive(ctx, say, r.id, false); err != nil {
		return false, err
	}
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, r.id), Action: plan.Update, Reason: "made inactive: it was replaced, and all have read the new one"})
	if k.Readers != nil {
		if err := k.Readers.Refresh(ctx, k.secretNames(), say.Waiting); err != nil {
			return false, errors.Join(fmt.Errorf("read with access key %s inactive: %w", r.id, err), k.reactivate(ctx, say, r))
		}
	}
	r.idle = k.AWS.Clock.Now() // only now: a run that ends before looks again
	return true, k.tag(ctx, say, r.tags(k.Owner))
}

// reactivate goes back to before the old key was made inactive, since somebody still needs it.
func (k *Up) reactivate(ctx context.Context, say iamsetup.Report, r *replacement) error {
	clean, cancel := k.Pace.Begun(ctx)
	defer cancel()
	if err := k.setActive(clean, say, r.id, true); err != nil {
		return err
	}
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, r.id), Action: plan.Update, Reason: "made active again"})
	return nil
}

func (k *Up) setActive(ctx context.Context, say iamsetup.Report, id string, active bool) error {
	status := types.StatusTypeInactive
	if active {
		status = types.StatusTypeActive
	}
	what := fmt.Sprintf("make access key %s of IAM user %s %s", id, k.Lookup.UserName, status)
	return k.Pace.Persist(ctx, say.Waiting, what, func(ctx context.Context) error {
		if err := k.Guard(); err != nil {
			return iamsetup.Wrap(what, err)
		}
		_, err := k.AWS.IAM.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &k.Lookup.UserName, AccessKeyId: &id, Status: status})
		return iamsetup.Wrap(what, err)
	})
}

// proveSecrets reads with the key of each Secret, as it stands there now.
func (k *Up) proveSecrets(ctx context.Context, say iamsetup.Report) error {
	held, err := k.Store.Observe(ctx)
	if err != nil {
		return err
	}
	for i, h := range held {
		if !inNamespace(h.Name, k.Owner.Namespace) && !slices.ContainsFunc(k.plan.fills, func(f fill) bool { return f.held.Name == h.Name }) {
			continue // it is none of this run's
		}
		if h.Key.ID != k.key {
			return hint.With(fmt.Errorf("read with the key in Secret %s: it does not hold access key %s any more: it was changed while this run was at work", h.Name, k.key),
				"run the same command again; what writes that Secret (GitOps, a backup) would bring a dead key back")
		}
		if sameKeyBefore(held, i) >= 0 {
			continue
		}
		if err := k.mayRead(ctx, say, h.Key); err != nil {
			return fmt.Errorf("read with the key in Secret %s: %w", h.Name, err)
		}
	}
	return nil
}

// mayRead waits until a key reads from Secrets Manager, to which a new one comes later than to STS.
func (k *Up) mayRead(ctx context.Context, say iamsetup.Report, key credential.Key) error {
	if k.Read == nil {
		return nil
	}
	var last error
	err := k.Pace.Until(ctx, 6*k.Pace.Settle, func(ctx context.Context) (bool, error) {
		if last = k.Read(ctx, key); last == nil {
			return true, nil
		}
		say.Waiting("Secrets Manager to accept access key " + key.ID)
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return last
	}
	return err
}

// expire deletes the inactive key once its grace is over, unless somebody used it meanwhile.
func (k *Up) expire(ctx context.Context, say iamsetup.Report, r replacement) error {
	end := r.idle.Add(r.grace)
	if deadline, limited := ctx.Deadline(); k.AWS.Clock.Now().Before(end) {
		if limited && end.After(k.AWS.Clock.At(deadline)) {
			k.warn(keptWarning(r.id, "it is inactive, and is deleted by a rotate or up after "+end.UTC().Format(time.RFC3339)))
			return nil
		}
		if err := k.sleepUntil(ctx, say, end, "the grace of access key "+r.id+" to end, at "+end.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	if err := k.proveSecrets(ctx, say); err != nil {
		return err
	}
	use, _, err := lastUseOf(ctx, k.AWS, r.id)
	if err != nil {
		return err
	}
	if r.usedSince(use) {
		k.warn(fmt.Sprintf("access key %s was replaced and is inactive, and somebody used it for %s at %s: find out who; `%s` makes it active again, and `%s` deletes it",
			r.id, use.Service, use.At.UTC().Format(time.RFC3339), activation(k.Lookup.UserName, r.id), deleteKeyCommand(k.Lookup.UserName, r.id)))
		return nil
	}
	if err := k.Guard(); err != nil {
		return err
	}
	if err := k.deleteKey(ctx, say, r.id); err != nil {
		return err
	}
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, r.id), Action: plan.Delete, Reason: "it was replaced"})
	return k.untag(ctx, say, iamsetup.TagReplacing+k.Owner.String())
}

// activation is the command that makes a key active again.
func activation(user, id string) string {
	return hint.Command("aws", "iam", "update-access-key", "--user-name", user, "--access-key-id", id, "--status", "Active")
}

// sleepUntil waits for a time of AWS's.
func (k *Up) sleepUntil(ctx context.Context, say iamsetup.Report, end time.Time, what string) error {
	left := end.Sub(k.AWS.Clock.Now())
	err := k.Pace.Until(ctx, left+k.Pace.Settle, func(context.Context) (bool, error) {
		say.Waiting(what)
		return !k.AWS.Clock.Now().Before(end), nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return nil
	}
	return err
}
