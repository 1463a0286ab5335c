package kube

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// inParallel calls f for each item at the same time and returns the answers in the order of the items.
func inParallel[In, Out any](ctx context.Context, items []In, f func(context.Context, In) (Out, error)) ([]Out, error) {
	out := make([]Out, len(items))
	group, ctx := errgroup.WithContext(ctx)
	for i, item := range items {
		group.Go(func() (err error) {
			out[i], err = f(ctx, item)
			return err
		})
	}
	return out, group.Wait() // f says what it was doing
}
