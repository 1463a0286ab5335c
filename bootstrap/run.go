package bootstrap

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// ErrFailed is returned by Up and Plan when Result.Errors says what went wrong; the caller prints those and exits 1.
var ErrFailed = errors.New("the run failed")

// ErrInterrupted is returned when the context ended the run: what was begun was finished or undone. The caller
// exits 130.
var ErrInterrupted = errors.New("interrupted")

// Env is what a run needs of its process.
type Env struct {
	Now     func() time.Time
	Sink    event.Sink   // progress
	Log     *slog.Logger // for developers, under --verbose; never nil
	Confirm func(ctx context.Context, question, want string) (bool, error) // asks a person at a terminal to type want; nil: there is none to ask
	Getenv  func(string) string
}

// Up converges everything. The result is complete also when the error is not nil.
func Up(ctx context.Context, s Settings, env Env) (Result, error) { panic("not yet") }

// Plan says what Up would do, from the same observation. It writes nothing.
func Plan(ctx context.Context, s Settings, env Env) (Result, error) { panic("not yet") }
