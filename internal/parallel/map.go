// Package parallel does the same for several things at the same time.
package parallel

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Limit bounds what one run asks of the API server at once.
const Limit = 24

// Map calls f for each item at the same time and returns the answers in the order of the items. The first error ends the
// others' context and is returned as it is, so f says what it was doing.
func Map[In, Out any](ctx context.Context, items []In, f func(context.Context, In) (Out, error)) ([]Out, error) {
	out := make([]Out, len(items))
	group, ctx := errgroup.WithContext(ctx)
	for i, item := range items {
		group.Go(func() (err error) {
			out[i], err = f(ctx, item)
			return err
		})
	}
	return out, group.Wait()
}
