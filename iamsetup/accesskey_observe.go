package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Observe reads user, keys and Secrets, and says what Apply would do.
func (k *AccessKey) Observe(ctx context.Context) ([]plan.Change, error) {
	if err := k.look(ctx, false); err != nil {
		return nil, err
	}
	return k.changes(), nil
}

// look observes and decides. Settled says that what lags was waited for.
func (k *AccessKey) look(ctx context.Context, settled bool) error {
	var view keyView
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		view.user, err = k.Lookup.Get(gctx)
		return err
	})
	group.Go(func() (err error) {
		view.keys, err = k.list(gctx)
		return err
	})
	group.Go(func() (err error) {
		if view.held, err = k.observeSecrets(gctx); err == nil {
			view.proofs, err = k.proveHeld(gctx, view.held)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err // each says what it was doing
	}
	if err := k.readElsewhere(ctx, &view); err != nil {
		return err
	}
	view.now, view.lagging = k.AWS.Clock.Now(), k.lagging(view.user)
	k.judge(view, settled)
	if k.wantsUse() {
		if err := k.readUse(ctx, view.keys); err != nil {
			return err
		}
		k.search(ctx, &view)
		k.judge(view, settled)
	}
	return nil
}

// lagging reports whether IAM may not show yet what a run wrote a moment ago.
func (k *AccessKey) lagging(user *UserSeen) bool {
	if k.Unlocked && user != nil && slices.Contains(user.Tags.Owners(), k.Owner.String()) {
		return true
	}
	return k.Lagging != nil && k.Lagging()
}

// readElsewhere asks other users of the account about keys of theirs that Secrets hold: one of an earlier up of this
// namespace, under another --user-name, is ours by their tags. Where that may not be read, nobody is known to have it.
func (k *AccessKey) readElsewhere(ctx context.Context, view *keyView) error {
	for i, p := range view.proofs {
		id, name := view.held[i].Key.ID, LastPart(p.arn)
		if p.verdict != accepted || !strings.Contains(p.arn, ":user/") || view.user != nil && p.arn == view.user.ARN || strings.EqualFold(name, k.Lookup.UserName) {
			continue
		}
		seen, err := (&UserLookup{API: k.Lookup.API, UserName: name}).Get(ctx)
		if err != nil && !IsDenied(err) {
			return err // it names the user
		}
		if seen == nil || seen.ARN != p.arn {
			continue
		}
		if view.elsewhere == nil {
			view.elsewhere = map[string]string{}
		}
		view.elsewhere[id] = seen.Tags[TagKey+id]
	}
	return nil
}

func (k *AccessKey) observeSecrets(ctx context.Context) ([]credential.Held, error) {
	held, err := k.Store.Observe(ctx)
	if err != nil || k.Earlier == nil {
		return held, err // it names the Secret
	}
	spare, err := k.Earlier.Observe(ctx)
	for _, h := range spare {
		h.Spare = true
		held = append(held, h)
	}
	return held, err // as above
}

// search looks which Secrets hold the keys that are none of ours. A caller who may not look has them all kept.
func (k *AccessKey) search(ctx context.Context, view *keyView) {
	if !k.Adopt || len(k.plan.strangers) == 0 {
		return
	}
	holders, err := k.Store.Holders(ctx, ids(view.keys))
	view.searched, view.holders = err == nil, holders
}

func (k *AccessKey) judge(view keyView, settled bool) {
	k.view = view
	k.plan = decide(view, keyRules{
		owner: k.Owner, userName: k.Lookup.UserName, adopt: k.Adopt, agreed: k.Agreed,
		mint: k.Pace.Mint, settle: k.Pace.Settle, settled: settled,
	})
	k.key = ""
	if k.plan.source != nil {
		k.key = k.plan.source.ID
	}
}

// wantsUse reports whether the last uses of the keys have a say: only where something is not as it should be.
func (k *AccessKey) wantsUse() bool {
	return len(k.plan.strangers) > 0 || len(k.plan.blocks) > 0 || len(k.plan.before) > 0 || len(k.plan.after) > 0
}

func (k *AccessKey) list(ctx context.Context) ([]listedKey, error) {
	var out []listedKey
	pages := iam.NewListAccessKeysPaginator(k.API, &iam.ListAccessKeysInput{UserName: &k.Lookup.UserName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if IsAbsent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list access keys of IAM user %s: %w", k.Lookup.UserName, err)
		}
		k.AWS.Clock.Learn(page.ResultMetadata)
		for _, m := range page.AccessKeyMetadata {
			out = append(out, listedKey{ID: aws.ToString(m.AccessKeyId), Active: m.Status == "Active", Created: aws.ToTime(m.CreateDate)})
		}
	}
	return out, nil
}

func (k *AccessKey) readUse(ctx context.Context, keys []listedKey) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range keys {
		group.Go(func() error {
			out, err := k.API.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &keys[i].ID})
			if IsAbsent(err) {
				return nil
			}
			if keys[i].Unread = err != nil; err != nil {
				return fmt.Errorf("get last use of access key %s: %w", keys[i].ID, err)
			}
			if use := out.AccessKeyLastUsed; use != nil && use.LastUsedDate != nil {
				keys[i].Use = lastUse{At: *use.LastUsedDate, Service: aws.ToString(use.ServiceName)}
			}
			return nil
		})
	}
	return group.Wait() // each says what it was doing
}
