package accesskey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// minting is a mint under way.
type minting struct {
	user   *principal.UserSeen
	intent intent
	sendBy time.Time // by the local clock
}

// announce writes the intent onto the user and reads it back. Whatever becomes of the call that follows, the next run can
// tell by it which key it made.
func (k *Up) announce(ctx context.Context, say iamsetup.Report) (minting, error) {
	user, err := k.userNow(ctx, say)
	if err != nil {
		return minting{}, err
	}
	var existing []listedKey
	if !user.New {
		if existing, err = listKeys(ctx, k.AWS, k.Lookup.UserName); err != nil {
			return minting{}, err
		}
	}
	begun, started := k.AWS.Clock.Local(), k.AWS.Clock.Now()
	m := minting{user: user, sendBy: begun.Add(k.Pace.Mint), intent: intent{
		owner: k.Owner.String(), started: started, deadline: started.Add(k.Pace.Mint), existing: ids(existing),
	}}
	if err := k.tellOthers(ctx, say, m.intent); err != nil {
		return minting{}, errors.Join(err, k.withdraw(ctx, say))
	}
	return m, nil
}

// userNow returns the user, which an earlier step may have made a moment ago.
func (k *Up) userNow(ctx context.Context, say iamsetup.Report) (*principal.UserSeen, error) {
	var user *principal.UserSeen
	err := k.Pace.Until(ctx, 3*k.Pace.Settle, func(ctx context.Context) (bool, error) {
		var err error
		if user, err = k.Lookup.Get(ctx); err != nil || user != nil {
			return true, err
		}
		k.Lookup.Forget()
		say.Waiting("IAM user " + k.Lookup.UserName + " to show up")
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return nil, fmt.Errorf("get IAM user %s: it does not show up", k.Lookup.UserName)
	}
	return user, err
}

// tellOthers announces the mint on the user, waits until IAM shows it, and makes sure that no other owner is minting there:
// two keys of one time could not be told apart by a later run. Of two owners who see each other the first one goes on.
func (k *Up) tellOthers(ctx context.Context, say iamsetup.Report, own intent) error {
	if err := k.tag(ctx, say, own.tags()); err != nil {
		return err
	}
	tags, err := k.readBack(ctx, say, own.tags(), "the announcement of the mint")
	if err != nil {
		return err
	}
	for _, other := range intentsOf(tags) {
		if other.owner != own.owner && k.AWS.Clock.Now().Before(other.deadline) && other.first(own) {
			return hint.With(fmt.Errorf("announce mint on IAM user %s: %s is minting on it as well", k.Lookup.UserName, other.owner),
				"run the same command again when that run has ended")
		}
	}
	return nil
}

// readBack returns the user's tags once they show those that were written.
func (k *Up) readBack(ctx context.Context, say iamsetup.Report, written iamsetup.Tags, what string) (tags iamsetup.Tags, err error) {
	err = k.Pace.Until(ctx, 3*k.Pace.Settle, func(ctx context.Context) (bool, error) {
		if tags, err = k.tags(ctx); err != nil {
			return false, err
		}
		if len(tags.Missing(written)) == 0 {
			return true, nil
		}
		say.Waiting("IAM user " + k.Lookup.UserName + " to show " + what)
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return nil, fmt.Errorf("read back tags of IAM user %s: they do not show %s", k.Lookup.UserName, what)
	}
	return tags, err
}

func (k *Up) tags(ctx context.Context) (iamsetup.Tags, error) {
	all, err := iamsetup.List(ctx, iam.NewListUserTagsPaginator(k.AWS.IAM, &iam.ListUserTagsInput{UserName: &k.Lookup.UserName}),
		func(page *iam.ListUserTagsOutput) []types.Tag { return page.Tags })
	if err != nil && !iamsetup.IsAbsent(err) { // that is too new to be seen everywhere
		return nil, fmt.Errorf("list tags of IAM user %s: %w", k.Lookup.UserName, err)
	}
	return iamsetup.TagsOf(all), nil
}

// withdraw takes back an announcement of which nothing came, with other tags of that mint. A run that lost the lock leaves
// that to the one that has it, whose own announcement it might be.
func (k *Up) withdraw(ctx context.Context, say iamsetup.Report, more ...string) error {
	if k.Guard() != nil {
		return nil
	}
	clean, cancel := k.Pace.Begun(ctx)
	defer cancel()
	return k.untag(clean, say, append(more, iamsetup.TagMinting+k.Owner.String())...)
}
