package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// errLost means that the answer of CreateAccessKey was lost and that what it may have made is gone again.
var errLost = errors.New("the answer was lost")

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
	if err := k.undo(ctx, say, m); err != nil {
		return errors.Join(cause, err)
	}
	return fmt.Errorf("%w: %w", errLost, cause)
}

// undo deletes the key of a mint that no Secret holds, also after an interrupt, and withdraws the intent. What it
// cannot delete stays in the record, by which the next run finds it.
func (k *AccessKey) undo(ctx context.Context, say report, m minting) error {
	clean, cancel := k.Pace.begun(ctx)
	defer cancel()
	if id := m.intent.KeyID; id != "" {
		err := k.Pace.poll(clean, k.Pace.Cleanup, func(ctx context.Context) (bool, error) {
			err := k.deleteKey(ctx, say, id)
			if isTransient(err) || isUnclear(err) {
				return false, nil // the limit ends it
			}
			return err == nil, err
		})
		if err != nil {
			return hint.With(err,
				"the record knows it: run the same command again, or: aws iam delete-access-key --user-name "+k.Lookup.UserName+" --access-key-id "+id)
		}
	}
	return k.withdraw(clean, say, m)
}
