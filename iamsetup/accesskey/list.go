package accesskey

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// listKeys are a user's keys as IAM lists them: none where there is no such user.
func listKeys(ctx context.Context, a *iamsetup.AWS, user string) ([]listedKey, error) {
	all, err := iamsetup.List(ctx, iam.NewListAccessKeysPaginator(a.IAM, &iam.ListAccessKeysInput{UserName: &user}),
		func(page *iam.ListAccessKeysOutput) []types.AccessKeyMetadata {
			a.Clock.Learn(page.ResultMetadata)
			return page.AccessKeyMetadata
		})
	if iamsetup.IsAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list access keys of IAM user %s: %w", user, err)
	}
	out := make([]listedKey, 0, len(all))
	for _, m := range all {
		out = append(out, listedKey{ID: aws.ToString(m.AccessKeyId), Active: m.Status == types.StatusTypeActive, Created: aws.ToTime(m.CreateDate)})
	}
	return out, nil
}

// readUse fills in when each key was last used.
func readUse(ctx context.Context, a *iamsetup.AWS, keys []listedKey) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range keys {
		group.Go(func() (err error) {
			keys[i].Use, _, err = lastUseOf(ctx, a, keys[i].ID)
			keys[i].Unread = err != nil
			return err
		})
	}
	return group.Wait()
}

// lastUseOf is when a key was last used, and of which user it is: "" when the account has no such key.
func lastUseOf(ctx context.Context, a *iamsetup.AWS, id string) (use lastUse, user string, err error) {
	out, err := a.IAM.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if iamsetup.IsAbsent(err) {
		return lastUse{}, "", nil // absence is an answer here, not a failure
	}
	if err != nil {
		return lastUse{}, "", fmt.Errorf("get last use of access key %s: %w", id, err)
	}
	if last := out.AccessKeyLastUsed; last != nil && last.LastUsedDate != nil {
		use = lastUse{At: *last.LastUsedDate, Service: aws.ToString(last.ServiceName)}
	}
	return use, aws.ToString(out.UserName), nil
}
