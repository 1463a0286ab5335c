package helminstall

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// outwait lets another run's operation on the release end, and observes again. An operation that never ends becomes
// recoverable in time, which may be later than this run's --timeout: then the run says who it waited for.
func (s *Step) outwait(ctx context.Context, sink event.Sink) error {
	say := s.once(sink)
	limit := s.timeout() + 2*pollInterval*4
	err := wait.PollUntilContextTimeout(ctx, 4*pollInterval, limit, true, func(ctx context.Context) (bool, error) {
		say(fmt.Sprintf("release %s/%s: %s", s.Namespace, s.Settings.Release, s.verdict.Reason))
		if _, err := s.Observe(ctx); err != nil {
			return false, ignorable(ctx, err)
		}
		return s.verdict.State != Busy, nil
	})
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return hint.With(fmt.Errorf("wait for another operation on release %s/%s: still %s", s.Namespace, s.Settings.Release,
			s.verdict.Reason), "find who runs it, or run again later with a longer --timeout")
	}
	return fmt.Errorf("wait for another operation on release %s/%s: %w", s.Namespace, s.Settings.Release, err)
}
