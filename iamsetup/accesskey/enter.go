package accesskey

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// enter tags the user with the key in use, and takes back our announcement.
func (k *Up) enter(ctx context.Context, say iamsetup.Report) error {
	entry := k.entry()
	if entry == "" {
		return nil
	}
	if k.plan.tag {
		if err := k.tag(ctx, say, k.keyTag(k.plan.source.ID)); err != nil {
			return err
		}
	}
	if k.plan.untag != "" {
		if err := k.unannounce(ctx, say); err != nil {
			return err
		}
	}
	if k.plan.unreplace != "" {
		if err := k.untag(ctx, say, iamsetup.TagReplacing+k.Owner.String()); err != nil {
			return err
		}
	}
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.KeyEntry, k.Lookup.UserName), Action: plan.Update, Reason: entry})
	return nil
}

// keyTag is what makes a key ours.
func (k *Up) keyTag(id string) iamsetup.Tags {
	return iamsetup.Tags{iamsetup.TagKey + id: k.Owner.String()}
}

// unannounce takes our own intent off the user.
func (k *Up) unannounce(ctx context.Context, say iamsetup.Report) error {
	return k.untag(ctx, say, iamsetup.TagMinting+k.Owner.String())
}

func (k *Up) tag(ctx context.Context, say iamsetup.Report, tags iamsetup.Tags) error {
	what := "tag IAM user " + k.Lookup.UserName + " with " + strings.Join(slices.Sorted(maps.Keys(tags)), ", ")
	return k.Pace.Persist(ctx, say.Waiting, what, func(ctx context.Context) error {
		if err := k.Guard(); err != nil {
			return iamsetup.Wrap(what, err)
		}
		_, err := k.AWS.IAM.TagUser(ctx, &iam.TagUserInput{UserName: &k.Lookup.UserName, Tags: tags.List()})
		return iamsetup.Wrap(what, err)
	})
}

func (k *Up) untag(ctx context.Context, say iamsetup.Report, keys ...string) error {
	what := "take tags " + strings.Join(keys, ", ") + " off IAM user " + k.Lookup.UserName
	return k.Pace.TakeAway(ctx, say.Waiting, what, func(ctx context.Context) error {
		if err := k.Guard(); err != nil {
			return iamsetup.Wrap(what, err)
		}
		_, err := k.AWS.IAM.UntagUser(ctx, &iam.UntagUserInput{UserName: &k.Lookup.UserName, TagKeys: keys})
		return iamsetup.Wrap(what, err)
	})
}
