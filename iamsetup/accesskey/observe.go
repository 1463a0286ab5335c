package accesskey

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Observe reads user, keys and Secrets, and says what Apply would do.
func (k *Up) Observe(ctx context.Context) ([]plan.Change, error) {
	if err := k.look(ctx, false); err != nil {
		return nil, err
	}
	return k.changes(), nil
}

// look observes and decides. Settled says that what lags was waited for.
func (k *Up) look(ctx context.Context, settled bool) error {
	var view keyView
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		view.user, err = k.Lookup.Get(gctx)
		return err
	})
	group.Go(func() (err error) {
		view.keys, err = listKeys(gctx, k.AWS, k.Lookup.UserName)
		return err
	})
	group.Go(func() (err error) {
		view.held, err = k.observeSecrets(gctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if deadline, limited := ctx.Deadline(); limited {
		k.deadline = k.AWS.Clock.At(deadline)
	}
	view.now, view.lagging, view.anyUser = k.AWS.Clock.Now(), k.lagging(view), k.AnyUser
	if err := k.proveOrTrust(ctx, &view, settled); err != nil {
		return err
	}
	if err := k.readElsewhere(ctx, &view); err != nil {
		return err
	}
	view.now = k.AWS.Clock.Now()
	k.judge(view, settled)
	if again, err := k.lookAround(ctx, &view); err != nil {
		return err
	} else if again {
		return k.look(ctx, settled) // with the copies, which are looked for once
	}
	k.judge(view, settled)
	if k.wantsUse() {
		if err := readUse(ctx, k.AWS, view.keys); err != nil {
			return err
		}
		k.search(ctx, &view)
		k.judge(view, settled)
	}
	return nil
}

// lagging reports whether IAM may not show yet what a run wrote a moment ago.
func (k *Up) lagging(view keyView) bool {
	return k.Unlocked && view.owned(k.Owner) || k.Lagging != nil && k.Lagging()
}

// readElsewhere asks other users of the account about keys of theirs that Secrets hold: one of an earlier up of this
// namespace, under another --user-name, is ours by their tags. Where that may not be read, nobody is known to have it.
func (k *Up) readElsewhere(ctx context.Context, view *keyView) error {
	for i, p := range view.proofs {
		id, name := view.held[i].Key.ID, iamsetup.LastPart(p.arn)
		if p.verdict != accepted || !strings.Contains(p.arn, ":user/") || view.user != nil && p.arn == view.user.ARN || strings.EqualFold(name, k.Lookup.UserName) {
			continue
		}
		seen, err := (&principal.UserLookup{API: k.Lookup.API, UserName: name}).Get(ctx)
		if err != nil && !iamsetup.IsDenied(err) {
			return err
		}
		if seen == nil || seen.ARN != p.arn {
			continue
		}
		if view.elsewhere == nil {
			view.elsewhere = map[string]string{}
		}
		view.elsewhere[id] = seen.Tags[iamsetup.TagKey+id]
	}
	return nil
}

// proveOrTrust fills in the proofs. What an earlier run noted does where nothing is to be done by it.
func (k *Up) proveOrTrust(ctx context.Context, view *keyView, settled bool) (err error) {
	if view.proofs = k.noted(*view); view.proofs != nil {
		if k.judge(*view, settled); k.plan.quiet(k.Adopt) {
			return nil
		}
	}
	view.proofs, err = k.proveHeld(ctx, view.held)
	return err
}

func (k *Up) observeSecrets(ctx context.Context) ([]credential.Held, error) {
	held, err := k.Store.Observe(ctx)
	if err != nil || k.Earlier == nil {
		return held, err
	}
	spare, err := k.Earlier.Observe(ctx)
	for _, h := range spare {
		h.Spare = true
		held = append(held, h)
	}
	return held, err // as above
}

// search looks which Secrets hold the keys that gen3-bootstrap did not make. Where the caller may not look, all of them are kept.
func (k *Up) search(ctx context.Context, view *keyView) {
	if !k.Adopt || len(k.plan.strangers) == 0 && !k.plan.tag {
		return
	}
	holders, err := k.Store.Holders(ctx, ids(view.keys))
	view.searched, view.unknown, view.holders = err == nil, err != nil, holders
}

func (k *Up) judge(view keyView, settled bool) {
	k.view = view
	k.plan = decide(view, k.rules(settled))
	k.key = ""
	if k.plan.source != nil {
		k.key = k.plan.source.ID
	}
}

func (k *Up) rules(settled bool) keyRules {
	return keyRules{
		owner: k.Owner, userName: k.Lookup.UserName, adopt: k.Adopt, agreed: k.Agreed, rotation: k.Rotation, deadline: k.deadline,
		mint: k.Pace.Mint, settle: k.Pace.Settle, settled: settled,
	}
}

// wantsUse reports whether the last uses of the keys have a say: only where something is not as it should be.
func (k *Up) wantsUse() bool {
	return k.plan.tag || k.plan.replaced != nil || len(k.plan.strangers) > 0 || len(k.plan.blocks) > 0 || len(k.plan.before) > 0 || len(k.plan.after) > 0
}

// meetUser looks again when the user did not show and is there after all, by an earlier run: it may have keys of ours.
func (k *Up) meetUser(ctx context.Context) error {
	if k.view.user != nil {
		return nil
	}
	user, err := k.Lookup.Get(ctx)
	if err != nil || user == nil || user.New {
		return err
	}
	if err := k.look(ctx, false); err != nil {
		return err
	}
	return k.blocked()
}

func (k *Up) blocked() error {
	if len(k.plan.blocks) == 0 {
		return nil
	}
	return hint.Blocked(k.plan.blocks[0])
}

// settle looks again until nothing is in doubt or the usual lag has passed.
func (k *Up) settle(ctx context.Context, say iamsetup.Report) error {
	if k.plan.settle == "" {
		return nil
	}
	err := k.Pace.Until(ctx, k.patience(), func(ctx context.Context) (bool, error) {
		say.Waiting("IAM, to see " + k.plan.settle)
		k.Lookup.Forget()
		if err := k.look(ctx, false); err != nil {
			return false, err
		}
		return k.plan.settle == "", nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		k.Lookup.Forget()
		err = k.look(ctx, true)
	}
	if err != nil {
		return err
	}
	return k.blocked()
}

// patience is how long to wait for what is in doubt: the usual lag, and for an announced mint its deadline too.
func (k *Up) patience() time.Duration {
	latest := k.view.now
	for _, i := range k.view.intents() {
		if i.deadline.After(latest) {
			latest = i.deadline
		}
	}
	return latest.Sub(k.view.now) + k.Pace.Settle
}
