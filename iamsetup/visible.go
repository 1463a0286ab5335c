package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
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

// poll calls look until it reports done, fails, or the limit has passed, which is errTooLong.
func (p Pace) poll(ctx context.Context, limit time.Duration, look func(context.Context) (bool, error)) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, errTooLong)
	defer cancel()
	backoff := p.backoff()
	for {
		done, err := look(limited)
		if done || err != nil {
			return err
		}
		timer := time.NewTimer(backoff.Step())
		select {
		case <-limited.Done():
			timer.Stop()
			return context.Cause(limited)
		case <-timer.C:
		}
	}
}

var errTooLong = errors.New("it took too long")

// persist repeats a write while IAM answers that it does not see yet what was just made, or that somebody else is
// writing, for up to three times the usual lag, and tells what it waits for.
func (p Pace) persist(ctx context.Context, waiting func(string), what string, write func(context.Context) error) error {
	var last error
	err := p.poll(ctx, 3*p.Settle, func(ctx context.Context) (bool, error) {
		last = write(ctx)
		if last == nil {
			return true, nil
		}
		if !isTransient(last) {
			return false, last
		}
		waiting(fmt.Sprintf("%s: IAM says %s", what, errorCode(last)))
		return false, nil
	})
	if errors.Is(err, errTooLong) && last != nil {
		return fmt.Errorf("%w after %s", last, 3*p.Settle)
	}
	return err
}

// begun returns a context for a call that should be finished although ctx ends: it lives on for the clean-up's limit.
func (p Pace) begun(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), p.Cleanup)
}

// report is a step's voice.
type report struct {
	sink event.Sink
	step string
}

func (r report) waiting(message string) {
	r.sink.Emit(event.Event{Type: event.Waiting, Step: r.step, Message: message})
}
