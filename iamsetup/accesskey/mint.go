package accesskey

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// mintAttempts is how often a run tries again after a mint whose answer was lost; each leftover is deleted first.
const mintAttempts = 3

// mint makes a key and stores it. Until the first Secret holds it, whatever goes wrong deletes that one key.
func (k *Up) mint(ctx context.Context, say iamsetup.Report) error {
	if err := k.rehearse(ctx); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := k.mintOnce(ctx, say)
		if !errors.Is(err, errLost) || attempt == mintAttempts || ctx.Err() != nil {
			return err
		}
		say.Waiting("another attempt, since the answer to CreateAccessKey was lost")
	}
}

// rehearse proves that each Secret can be written, before there is a key that would have to be stored.
func (k *Up) rehearse(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range k.plan.fills {
		group.Go(func() error { return k.Store.Rehearse(ctx, f.held) })
	}
	return group.Wait()
}

func (k *Up) mintOnce(ctx context.Context, say iamsetup.Report) error {
	m, err := k.announce(ctx, say)
	if err != nil {
		return err
	}
	key, err := k.create(ctx, say, m)
	if err != nil {
		return err
	}
	if err := k.adoptKey(ctx, say, m, key); errors.Is(err, credential.ErrUnclear) {
		return hint.With(err, "run the same command again: access key "+key.ID+" is entered on the user, and is kept if a Secret holds it, else deleted")
	} else if err != nil {
		return errors.Join(err, k.undo(ctx, say, key.ID))
	}
	return k.finish(ctx, say, key)
}

// create sends the one call that must not be repeated blindly.
func (k *Up) create(ctx context.Context, say iamsetup.Report, m minting) (credential.Key, error) {
	what := "create access key for IAM user " + k.Lookup.UserName
	var key credential.Key
	var answer error // of the call itself, which the cause of an interrupt would hide
	err := k.Pace.Persist(ctx, say.Waiting, what, func(context.Context) error {
		answer = nil
		if err := errors.Join(ctx.Err(), k.Guard()); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		left := m.sendBy.Round(0).Sub(k.AWS.Clock.Local().Round(0)) // by the wall, since a machine that sleeps stops the other clock
		if left <= 0 {
			return fmt.Errorf("%s: the announced deadline has passed", what)
		}
		// An interrupt does not cut this call off: its answer is the only place where the secret half ever shows.
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(left, k.Pace.Cleanup))
		defer cancel()
		out, err := k.AWS.IAM.CreateAccessKey(call, &iam.CreateAccessKeyInput{UserName: &k.Lookup.UserName}, iamsetup.WithoutRetries)
		if answer = iamsetup.Wrap(what, err); answer != nil {
			return answer
		}
		key = credential.Key{ID: aws.ToString(out.AccessKey.AccessKeyId), Secret: redact.New(aws.ToString(out.AccessKey.SecretAccessKey))}
		return nil
	})
	switch {
	case err == nil:
		return key, nil
	case iamsetup.IsUnclear(answer):
		return credential.Key{}, k.reconcile(ctx, say, m, errors.Join(answer, notSame(err, answer)))
	default:
		return credential.Key{}, errors.Join(err, k.withdraw(ctx, say))
	}
}

// notSame is err unless answer says as much: an interrupt is told beside what it interrupted.
func notSame(err, answer error) error {
	if errors.Is(err, answer) {
		return nil
	}
	return err
}

// adoptKey takes a minted key to the first Secret. Its error means that no Secret holds the key. The key is entered on the
// user while it is proved, so that whatever happens from then on the next run knows it for ours.
func (k *Up) adoptKey(ctx context.Context, say iamsetup.Report, m minting, key credential.Key) error {
	group, gctx := errgroup.WithContext(ctx)
	entry := k.keyTag(key.ID)
	maps.Copy(entry, k.replacing())
	group.Go(func() error {
		if err := k.tag(gctx, say, entry); err != nil || k.plan.old == nil {
			return err
		}
		_, err := k.readBack(gctx, say, entry, "the announcement of the rotation")
		return err
	})
	group.Go(func() error {
		if err := k.prove(gctx, say, key, m.user.ARN); err != nil || k.plan.old == nil {
			return err
		}
		return k.mayRead(gctx, say, key)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := errors.Join(context.Cause(ctx), k.Guard()); err != nil {
		return fmt.Errorf("store access key %s: %w", key.ID, err)
	}
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, key.ID), Action: plan.Create, Reason: k.plan.why})
	// What was begun is finished: the write itself outlives an interrupt.
	write, cancel := k.Pace.Begun(ctx)
	defer cancel()
	return k.fill(write, say, key, k.plan.fills[:1])
}

// finish goes forward: the first Secret holds the key, so the others get it, and the announcement is taken back.
func (k *Up) finish(ctx context.Context, say iamsetup.Report, key credential.Key) error {
	k.key = key.ID
	// A few quick writes remain; an interrupt lets them end, since they leave a better state than none of them.
	rest, cancel := k.Pace.Begun(ctx)
	defer cancel()
	if err := k.fill(rest, say, key, k.plan.fills[1:]); err != nil {
		return err
	}
	entry := k.entry()
	if err := k.unannounce(rest, say); err != nil {
		return err
	}
	if k.AnyUser { // the key is everybody's that has it, as the one before was
		if err := k.untag(rest, say, iamsetup.TagKey+key.ID); err != nil {
			return err
		}
	}
	if entry != "" {
		say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.KeyEntry, k.Lookup.UserName), Action: plan.Update, Reason: entry})
	}
	k.plan.tag, k.plan.untag = false, ""
	return nil
}

func ids(keys []listedKey) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		out = append(out, k.ID)
	}
	return out
}
