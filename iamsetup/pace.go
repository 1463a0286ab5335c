package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Pace holds the durations that waiting for IAM goes by.
type Pace struct {
	Settle  time.Duration // how long lists, tags and credentials may lag behind a write
	Poll    time.Duration // pause between two looks, growing by half each time up to eightfold
	Mint    time.Duration // between the intent of a mint and its deadline
	Cleanup time.Duration // limit for finishing or undoing what was begun, also after an interrupt
}

func (p Pace) backoff() wait.Backoff {
	return wait.Backoff{Duration: p.Poll, Factor: 1.5, Jitter: 0.1, Steps: 1 << 20, Cap: 8 * p.Poll}
}

// Until calls look until it reports done, fails, or the limit has passed, which is ErrTooLong. A look that is on its way
// then is let finish: cut off, it would answer in the words of whichever layer noticed, which nobody could tell from
// AWS's or Kubernetes' own. Each call has a limit of its own anyway.
func (p Pace) Until(ctx context.Context, limit time.Duration, look func(context.Context) (bool, error)) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var failed error
	err := p.backoff().DelayFunc().Until(limited, true, true, func(context.Context) (done bool, err error) {
		done, failed = look(ctx)
		return done, failed
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case failed != nil:
		return failed
	default:
		return ErrTooLong
	}
}

// ErrTooLong is the cause where IAM did not come to show in time what was waited for.
var ErrTooLong = errors.New("it took too long")

// Persist repeats a write while IAM answers that it does not see yet what was just made, or that somebody else is
// writing, for up to three times the usual lag, and tells what it waits for.
func (p Pace) Persist(ctx context.Context, waiting func(string), what string, write func(context.Context) error) error {
	return p.persistFor(ctx, 3*p.Settle, waiting, what, write)
}

// TakeAway is Persist for what takes away: that there is nothing is believed when IAM has said so for the usual lag, for
// it says the same of what was made a moment ago.
func (p Pace) TakeAway(ctx context.Context, waiting func(string), what string, write func(context.Context) error) error {
	if err := p.persistFor(ctx, p.Settle, waiting, what, write); !IsAbsent(err) {
		return err
	}
	return nil
}

func (p Pace) persistFor(ctx context.Context, limit time.Duration, waiting func(string), what string, write func(context.Context) error) error {
	var last error
	err := p.Until(ctx, limit, func(ctx context.Context) (bool, error) {
		last = write(ctx)
		if last == nil {
			return true, nil
		}
		if !IsTransient(last) {
			return false, last
		}
		waiting(fmt.Sprintf("IAM to accept: %s (it says %s)", what, ErrorCode(last)))
		return false, nil
	})
	if errors.Is(err, ErrTooLong) && last != nil {
		return fmt.Errorf("%w after %s", last, limit)
	}
	return err
}

// Begun returns a context for a call that should be finished although ctx ends: it lives on for the clean-up's limit.
func (p Pace) Begun(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), p.Cleanup)
}

// Report is a step's voice.
type Report struct {
	Sink  event.Sink
	Step  string
	wrote *bool // something was written; nil where nobody asks
}

// PartDone notes that a part of a change was written, of which only the whole is told.
func (r Report) PartDone() {
	if r.wrote != nil {
		*r.wrote = true
	}
}

func (r Report) Waiting(message string) {
	r.Sink.Emit(event.Event{Type: event.Waiting, Step: r.Step, Message: message})
}

func (r Report) Changed(c plan.Change) {
	r.Sink.Emit(event.Event{Type: event.Changed, Step: r.Step, Change: &c})
}
