package iamsetup

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLimitDoesNotCutALook is a look that is on its way when the limit passes: a call under an overdue context fails in
// words of its own (client-go's rate limiter does before the context itself ends), which must not pass for an answer.
func TestLimitDoesNotCutALook(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	slow := func(ctx context.Context) error {
		time.Sleep(limit)
		if due, ok := ctx.Deadline(); ok && !time.Now().Before(due) {
			return errors.New("rate: Wait(n=1) would exceed context deadline")
		}
		return nil
	}
	for name, c := range map[string]struct {
		done bool
		want error
	}{"not yet": {false, ErrTooLong}, "done": {true, nil}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := Pace{Poll: limit / 4}.Until(t.Context(), limit, func(ctx context.Context) (bool, error) {
					return c.done, slow(ctx)
				})
				if !errors.Is(err, c.want) {
					t.Errorf("poll: %v, want %v", err, c.want)
				}
			})
		})
	}
}

// TestPollEndsWithItsCaller says why a run that was cut off was.
func TestPollEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Pace{Poll: time.Millisecond}.Until(ctx, time.Hour, func(context.Context) (bool, error) {
		cancel(interrupted)
		return false, ctx.Err()
	})
	if !errors.Is(err, interrupted) {
		t.Errorf("poll: %v, want %v", err, interrupted)
	}
}
