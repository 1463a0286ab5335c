package iamsetup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// enter tags the user with the key in use, takes back our announcement and closes the intents.
func (k *AccessKey) enter(ctx context.Context, say report) error {
	entry := k.entry()
	if entry == "" {
		return nil
	}
	if k.plan.tag {
		if err := k.tag(ctx, say, Tags{tagKey + k.plan.source.ID: k.Owner.String()}); err != nil {
			return err
		}
	}
	if k.plan.untag {
		if err := k.unannounce(ctx, say); err != nil {
			return err
		}
	}
	if len(k.plan.closes) > 0 {
		if err := k.saveMints(ctx, k.plan.mints); err != nil {
			return err
		}
	}
	say.changed(plan.Change{Step: KeyStep, Resource: "key-entry/" + k.Lookup.UserName, Action: plan.Update, Reason: entry})
	return nil
}

func (k *AccessKey) saveMints(ctx context.Context, mints []credential.Mint) error {
	if err := k.Guard(); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return k.Journal.SaveMints(ctx, mints) // it names the record
}

func (k *AccessKey) tag(ctx context.Context, say report, tags Tags) error {
	what := "tag IAM user " + k.Lookup.UserName + " with " + strings.Join(slices.Sorted(maps.Keys(tags)), ", ")
	return k.Pace.persist(ctx, say.waiting, what, func(ctx context.Context) error {
		if err := k.Guard(); err != nil {
			return wrap(what, err)
		}
		_, err := k.API.TagUser(ctx, &iam.TagUserInput{UserName: &k.Lookup.UserName, Tags: tags.list()})
		return wrap(what, err)
	})
}

func (k *AccessKey) untag(ctx context.Context, say report, keys ...string) error {
	what := "take tags " + strings.Join(keys, ", ") + " off IAM user " + k.Lookup.UserName
	return k.Pace.takeAway(ctx, say.waiting, what, func(ctx context.Context) error {
		if err := k.Guard(); err != nil {
			return wrap(what, err)
		}
		_, err := k.API.UntagUser(ctx, &iam.UntagUserInput{UserName: &k.Lookup.UserName, TagKeys: keys})
		return wrap(what, err)
	})
}
