package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Env is what a run needs of its process.
type Env struct {
	Now  func() time.Time
	Sink event.Sink   // progress
	Log  *slog.Logger // for developers, under --verbose; never nil
	// Confirm asks a person at a terminal, and reports whether what the question wants was typed. nil: there is none to ask.
	Confirm func(context.Context, Question) (bool, error)
	// Ask asks that person for a line, such as an MFA code; nil: there is none to ask.
	Ask func(ctx context.Context, prompt string) (string, error)
	// Stderr is that person's terminal; nil: there is none.
	Stderr io.Writer
	// Terminal lends the terminal to a program that signs in; nil: it gets none.
	Terminal kube.Terminal
	// AWSEndpoint and AWSCredentials stand in for the SDK's own where a test runs in one process with its AWS; empty else.
	AWSEndpoint    string
	AWSCredentials aws.CredentialsProvider
}

// cleanupLimit bounds what a run still does after it was interrupted.
const cleanupLimit = 30 * time.Second

// Bounded gives the calls of a command their limit, 0 for none. What client-go and Helm log goes to the log: else they would
// write into the output.
func (e Env) Bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx = klog.NewContext(ctx, logr.FromSlogHandler(e.Log.Handler()))
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the run took longer than --timeout %s", limit))
}

// Outcome is how a command ends that had these errors.
func Outcome(ctx context.Context, errs []error) error {
	switch {
	case IsInterrupt(ctx):
		return ErrInterrupted
	case len(errs) > 0:
		return ErrFailed
	}
	return nil
}

// EachOf takes apart what errors.Join put together, so that each keeps its hint.
func EachOf(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var texts []string
	var out []error
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
		out = append(out, EachOf(e)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	return out
}

// IsInterrupt reports that the run ended since its context did, by a signal and not by a timeout.
func IsInterrupt(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
