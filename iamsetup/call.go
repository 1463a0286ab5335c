package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// List goes through all pages of a list of IAM's.
func List[Page, T any](ctx context.Context, pages interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*iam.Options)) (Page, error)
}, items func(Page) []T,
) ([]T, error) {
	var all []T
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, err // the caller says what it lists
		}
		all = append(all, items(page)...)
	}
	return all, nil
}

// Failed is how a call ended of which nothing but that counts.
func Failed[T any](_ T, err error) error { return err }

// Wrap says what was being done, once, and lets nil be nil.
func Wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// WithoutRetries makes a call go out at most once.
func WithoutRetries(o *iam.Options) { o.Retryer = aws.NopRetryer{} }

// Names are the names of what a list has.
func Names[T any](all []T, name func(T) string) []string {
	out := make([]string, 0, len(all))
	for _, x := range all {
		out = append(out, name(x))
	}
	return out
}
