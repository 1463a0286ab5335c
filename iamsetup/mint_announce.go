package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

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
	begun, started := k.AWS.Clock.local(), k.AWS.Clock.Now()
	m := minting{user: user, others: k.plan.mints, intent: &credential.Mint{
		UserName: k.Lookup.UserName, UserID: user.ID, Existing: ids(existing),
		Started: started, Deadline: started.Add(k.Pace.Mint), State: credential.MintOpen,
	}}
	// Both are written before the key is made; which of them first means nothing.
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return k.saveMints(gctx, m.mints()) })
	group.Go(func() error { return k.tellOthers(gctx, say, m) })
	if err := group.Wait(); err != nil {
		return minting{}, time.Time{}, errors.Join(err, k.withdraw(ctx, say, m))
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
		maps.Copy(tags, tagsOf(page.Tags))
	}
	return tags, nil
}

func (m minting) close(state credential.MintState, at time.Time) {
	m.intent.State, m.intent.Closed = state, at
}

// withdraw takes back an announcement of which nothing came. A run that lost the lock leaves that to the one that has
// it, whose own announcement it might be.
func (k *AccessKey) withdraw(ctx context.Context, say report, m minting) error {
	if k.Guard() != nil {
		return nil
	}
	clean, cancel := k.Pace.begun(ctx)
	defer cancel()
	m.close(credential.MintUndone, k.AWS.Clock.Now())
	k.plan.mints = m.mints() // another attempt of this run keeps this one in the record
	return errors.Join(k.unannounce(clean, say), k.saveMints(clean, m.mints()))
}

// unannounce takes back the announcement of a mint, unless another's stands in its place that still holds.
func (k *AccessKey) unannounce(ctx context.Context, say report) error {
	tags, err := k.tags(ctx)
	if err != nil {
		return err
	}
	minter, deadline := parseMinting(tags[tagMinting])
	if minter != "" && minter != k.Owner.String() && k.AWS.Clock.Now().Before(deadline) {
		return nil
	}
	return k.untag(ctx, say, tagMinting)
}
