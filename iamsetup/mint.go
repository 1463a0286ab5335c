package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// mintAttempts is how often a run tries again after a mint whose answer was lost; each leftover is deleted first.
const mintAttempts = 3

// errLost means that the answer of CreateAccessKey was lost and that what it may have made is gone again.
var errLost = errors.New("the answer was lost")

// mint makes a key and stores it. Until the first Secret holds it, whatever goes wrong deletes that one key.
func (k *AccessKey) mint(ctx context.Context, say report) error {
	if err := k.rehearse(ctx); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := k.mintOnce(ctx, say)
		if !errors.Is(err, errLost) || attempt == mintAttempts || ctx.Err() != nil {
			return err
		}
		say.waiting("another attempt, since the answer to CreateAccessKey was lost")
	}
}

// rehearse proves that each Secret can be written, before there is a key that would have to be stored.
func (k *AccessKey) rehearse(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range k.plan.fills {
		group.Go(func() error { return k.Store.Rehearse(ctx, f.held) })
	}
	return group.Wait() //nolint:wrapcheck // each names its Secret
}

func (k *AccessKey) mintOnce(ctx context.Context, say report) error {
	m, sendBy, err := k.announce(ctx, say)
	if err != nil {
		return err
	}
	key, err := k.create(ctx, say, m, sendBy)
	if err != nil {
		return err
	}
	m.intent.KeyID = key.ID
	if err := k.adoptKey(ctx, say, m, key); errors.Is(err, credential.ErrUnclear) {
		return hint.With(err, "run the same command again: access key "+key.ID+" is in the record, and is kept if a Secret holds it, else deleted")
	} else if err != nil {
		return errors.Join(err, k.undo(ctx, m))
	}
	return k.finish(ctx, say, m, key)
}

// minting is a mint under way.
type minting struct {
	user   *UserSeen
	intent *credential.Mint
	others []credential.Mint // the other intents of the record
}

func (m minting) mints() []credential.Mint { return append(slices.Clone(m.others), *m.intent) }

// announce writes the intent into the record and onto the user, and returns until when the call may be sent, by the
// local clock.
func (k *AccessKey) announce(ctx context.Context, say report) (minting, time.Time, error) {
	user, err := k.userNow(ctx, say)
	if err != nil {
		return minting{}, time.Time{}, err
	}
	var existing []listedKey
	if !user.New {
		if existing, err = k.list(ctx); err != nil {
			return minting{}, time.Time{}, err
		}
	}
	if err := k.Guard(); err != nil {
		return minting{}, time.Time{}, err
	}
	begun, started := k.AWS.Clock.local(), k.AWS.Clock.Now()
	m := minting{user: user, others: k.plan.mints, intent: &credential.Mint{
		UserName: k.Lookup.UserName, UserID: user.ID, Existing: ids(existing),
		Started: started, Deadline: started.Add(k.Pace.Mint), State: credential.MintOpen,
	}}
	// Both are written before the key is made; which of them first means nothing.
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return k.Journal.SaveMints(gctx, m.mints()) })
	group.Go(func() error { return k.tellOthers(gctx, say, m) })
	if err := group.Wait(); err != nil {
		return minting{}, time.Time{}, errors.Join(err, k.withdraw(ctx, m))
	}
	return m, begun.Add(k.Pace.Mint), nil
}

// userNow returns the user, which an earlier step may have made a moment ago.
func (k *AccessKey) userNow(ctx context.Context, say report) (*UserSeen, error) {
	var user *UserSeen
	err := k.Pace.poll(ctx, 3*k.Pace.Settle, func(ctx context.Context) (bool, error) {
		var err error
		if user, err = k.Lookup.Get(ctx); err != nil || user != nil {
			return true, err
		}
		k.Lookup.Forget()
		say.waiting("IAM user " + k.Lookup.UserName + " to show up")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return nil, fmt.Errorf("get IAM user %s: it does not show up", k.Lookup.UserName)
	}
	return user, err
}

// tellOthers announces the mint on the user, for other clusters that share it, and makes sure that none of them did
// the same at the same time.
func (k *AccessKey) tellOthers(ctx context.Context, say report, m minting) error {
	value := k.Owner.String() + " " + m.intent.Deadline.Format(time.RFC3339)
	if err := k.tag(ctx, say, Tags{tagMinting: value}); err != nil {
		return err
	}
	tags, err := k.tags(ctx)
	if err != nil {
		return err
	}
	minter, deadline := parseMinting(tags[tagMinting])
	if minter != "" && minter != k.Owner.String() && k.AWS.Clock.Now().Before(deadline) {
		return hint.With(fmt.Errorf("announce mint on IAM user %s: %s is minting on it as well", k.Lookup.UserName, minter),
			"run the same command again when that run has ended")
	}
	return nil
}

func (k *AccessKey) tags(ctx context.Context) (Tags, error) {
	tags := Tags{}
	pages := iam.NewListUserTagsPaginator(k.API, &iam.ListUserTagsInput{UserName: &k.Lookup.UserName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return tags, nil // too new to be seen everywhere
		}
		if err != nil {
			return nil, fmt.Errorf("list tags of IAM user %s: %w", k.Lookup.UserName, err)
		}
		for key, value := range tagsOf(page.Tags) {
			tags[key] = value
		}
	}
	return tags, nil
}

// create sends the one call that must not be repeated blindly.
func (k *AccessKey) create(ctx context.Context, say report, m minting, sendBy time.Time) (credential.Key, error) {
	what := "create access key for IAM user " + k.Lookup.UserName
	var key credential.Key
	err := k.Pace.persist(ctx, say.waiting, what, func(context.Context) error {
		left := sendBy.Sub(k.AWS.Clock.local())
		if left <= 0 {
			return fmt.Errorf("%s: the announced deadline has passed", what)
		}
		if err := errors.Join(ctx.Err(), k.Guard()); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		// An interrupt does not cut this call off: its answer is the only place where the secret half ever shows.
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(left, k.Pace.Cleanup))
		defer cancel()
		out, err := k.API.CreateAccessKey(call, &iam.CreateAccessKeyInput{UserName: &k.Lookup.UserName}, withoutRetries)
		if err != nil {
			return wrap(what, err)
		}
		key = credential.Key{ID: aws.ToString(out.AccessKey.AccessKeyId), Secret: redact.New(aws.ToString(out.AccessKey.SecretAccessKey))}
		return nil
	})
	switch {
	case err == nil:
		return key, nil
	case isSent(err) && isUnclear(err):
		return credential.Key{}, k.reconcile(ctx, say, m, err)
	default:
		return credential.Key{}, errors.Join(err, k.withdraw(ctx, m))
	}
}

// isSent reports whether an error of create came from the call itself and not from the checks before it.
func isSent(err error) bool {
	var op interface{ Operation() string }
	return errors.As(err, &op)
}

// reconcile finds out what a call did whose answer was lost, and deletes the key that it made: nobody knows its secret
// half. It goes on although the run was interrupted.
func (k *AccessKey) reconcile(ctx context.Context, say report, m minting, cause error) error {
	after := context.WithoutCancel(ctx)
	var made []listedKey
	err := k.Pace.poll(after, k.Pace.Settle, func(ctx context.Context) (bool, error) {
		say.waiting("IAM to show whether the access key was made, as its answer was lost")
		keys, err := k.list(ctx)
		if err != nil {
			return false, nil //nolint:nilerr // whatever hid the answer may hide the list too, for a while
		}
		d := decision{v: keyView{user: m.user, keys: keys, mints: m.others}}
		made = d.candidates(*m.intent)
		return len(made) > 0, nil
	})
	if err != nil && !errors.Is(err, errTooLong) {
		return errors.Join(cause, err)
	}
	if len(made) > 1 {
		return hint.With(fmt.Errorf("%w; keys %v of IAM user %s were made at that time, and it cannot be told which is ours", cause, ids(made), k.Lookup.UserName),
			"run the same command again: it names each key's age, last use and the command that settles it")
	}
	if len(made) == 1 {
		m.intent.KeyID = made[0].ID
	}
	if err := k.undo(ctx, m); err != nil {
		return errors.Join(cause, err)
	}
	return fmt.Errorf("%w: %w", errLost, cause)
}

// adoptKey takes a minted key to the first Secret. Its error means that no Secret holds the key.
func (k *AccessKey) adoptKey(ctx context.Context, say report, m minting, key credential.Key) error {
	if err := k.Journal.SaveMints(ctx, m.mints()); err != nil {
		return err //nolint:wrapcheck // it names the record
	}
	if err := k.prove(ctx, say, key, m.user.ARN); err != nil {
		return err
	}
	if err := errors.Join(context.Cause(ctx), k.Guard()); err != nil {
		return fmt.Errorf("store access key %s: %w", key.ID, err)
	}
	say.changed(plan.Change{Step: KeyStep, Resource: "access-key/" + key.ID, Action: plan.Create, Reason: k.plan.why})
	// What was begun is finished: the write itself outlives an interrupt.
	write, cancel := k.Pace.begun(ctx)
	defer cancel()
	return k.fill(write, say, key, k.plan.fills[:1])
}

// finish goes forward: the first Secret holds the key, so the others get it, the user names it and the intent is closed.
func (k *AccessKey) finish(ctx context.Context, say report, m minting, key credential.Key) error {
	k.key = key.ID
	// A few quick writes remain; an interrupt lets them end, since they leave a better state than none of them.
	rest, cancel := k.Pace.begun(ctx)
	defer cancel()
	if err := k.fill(rest, say, key, k.plan.fills[1:]); err != nil {
		return err
	}
	if err := k.Guard(); err != nil {
		return err
	}
	if err := k.tag(rest, say, Tags{tagKey + key.ID: k.Owner.String()}); err != nil {
		return err
	}
	if err := k.untag(rest, tagMinting); err != nil {
		return err
	}
	m.close(credential.MintStored, k.AWS.Clock.Now())
	if err := k.Journal.SaveMints(rest, m.mints()); err != nil {
		return err //nolint:wrapcheck // it names the record
	}
	k.plan.tag, k.plan.untag = false, false
	if entry := k.entry(); entry != "" {
		say.changed(plan.Change{Step: KeyStep, Resource: "key-entry/" + k.Lookup.UserName, Action: plan.Update, Reason: entry})
	}
	k.plan.closes = nil
	return nil
}

func (m minting) close(state credential.MintState, at time.Time) {
	m.intent.State, m.intent.Closed = state, at
}

// undo deletes the key of a mint that no Secret holds, also after an interrupt, and withdraws the intent. What it
// cannot delete stays in the record, by which the next run finds it.
func (k *AccessKey) undo(ctx context.Context, m minting) error {
	clean, cancel := k.Pace.begun(ctx)
	defer cancel()
	if id := m.intent.KeyID; id != "" {
		err := k.Pace.poll(clean, k.Pace.Cleanup, func(ctx context.Context) (bool, error) {
			err := k.deleteKey(ctx, id)
			if isTransient(err) || isUnclear(err) {
				return false, nil // the limit ends it
			}
			return err == nil, err
		})
		if err != nil {
			return hint.With(fmt.Errorf("undo access key %s of IAM user %s: %w", id, k.Lookup.UserName, err),
				"the record knows it: run the same command again, or: aws iam delete-access-key --user-name "+k.Lookup.UserName+" --access-key-id "+id)
		}
	}
	return k.withdraw(clean, m)
}

// withdraw takes back an announcement of which nothing came. A run that lost the lock leaves that to the one that has
// it, whose own announcement it might be.
func (k *AccessKey) withdraw(ctx context.Context, m minting) error {
	if k.Guard() != nil {
		return nil
	}
	clean, cancel := k.Pace.begun(ctx)
	defer cancel()
	m.close(credential.MintUndone, k.AWS.Clock.Now())
	return errors.Join(k.untag(clean, tagMinting), k.Journal.SaveMints(clean, m.mints()))
}

func ids(keys []listedKey) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		out = append(out, k.ID)
	}
	return out
}
