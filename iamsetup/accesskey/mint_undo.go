package accesskey

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// errLost means that the answer of CreateAccessKey was lost and that what it may have made is gone again.
var errLost = errors.New("the answer was lost")

// reconcile finds out what a call did whose answer was lost, and deletes the key that it made: nobody knows its secret
// half. It goes on although the run was interrupted. What cannot be found out remains announced, for the next run.
func (k *Up) reconcile(ctx context.Context, say iamsetup.Report, m minting, cause error) error {
	after := context.WithoutCancel(ctx)
	var d decision
	look := func(ctx context.Context) (bool, error) {
		say.Waiting("IAM to show whether the access key was made, as its answer was lost")
		var err error
		d, err = k.lookForMinted(ctx, m)
		if err != nil {
			return false, nil // whatever hid the answer may hide this too, for a while
		}
		return len(d.candidates(m.intent)) > 0, nil
	}
	err := k.Pace.Until(after, k.Pace.Settle, look)
	if errors.Is(err, iamsetup.ErrTooLong) {
		d, err = k.lookForMinted(after, m)
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	made := d.candidates(m.intent)
	if len(made) > 1 || len(made) == 1 && !d.provablyOurs(made[0]) {
		return hint.With(fmt.Errorf("%w; it cannot be told whether that made access key %s of IAM user %s", cause, strings.Join(ids(made), " or "), k.Lookup.UserName),
			"run the same command again: it names each key's age, last use and the command that settles it")
	}
	if err := k.undo(ctx, say, strings.Join(ids(made), "")); err != nil {
		return errors.Join(cause, err)
	}
	return fmt.Errorf("%w: %w", errLost, cause)
}

// lookForMinted sees the user, its keys and their last uses as they are now.
func (k *Up) lookForMinted(ctx context.Context, m minting) (decision, error) {
	d := decision{r: keyRules{owner: k.Owner, userName: k.Lookup.UserName}, v: keyView{user: m.user}}
	k.Lookup.Forget()
	user, err := k.Lookup.Get(ctx)
	if err != nil {
		return d, err
	}
	if user != nil {
		d.v.user = user // else it is too new to be seen everywhere
	}
	if d.v.keys, err = listKeys(ctx, k.AWS, k.Lookup.UserName); err != nil || len(d.v.keys) == 0 {
		return d, err
	}
	return d, readUse(ctx, k.AWS, d.v.keys)
}

// undo deletes the key of a mint that no Secret holds, none for "", also after an interrupt, and withdraws the intent. What
// it cannot delete remains on the user's tags, by which the next run finds it.
func (k *Up) undo(ctx context.Context, say iamsetup.Report, id string) error {
	clean, cancel := k.Pace.Begun(ctx)
	defer cancel()
	if id == "" {
		return k.withdraw(clean, say)
	}
	err := k.Pace.Until(clean, k.Pace.Cleanup, func(ctx context.Context) (bool, error) {
		err := k.deleteKey(ctx, say, id)
		if iamsetup.IsTransient(err) || iamsetup.IsUnclear(err) {
			return false, nil // the limit ends it
		}
		return err == nil, err
	})
	if err != nil {
		return hint.With(err, "the user's tags know it: run the same command again, or: "+deleteKeyCommand(k.Lookup.UserName, id))
	}
	more := []string{iamsetup.TagKey + id}
	if k.plan.old != nil {
		more = append(more, iamsetup.TagReplacing+k.Owner.String())
		k.under = nil
	}
	return k.withdraw(clean, say, more...)
}
