package accesskey

import (
	"context"
	"errors"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

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
