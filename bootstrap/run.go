package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
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

// patience is after how long somebody who waits is told for what.
const patience = 500 * time.Millisecond

// tell says what is waited for once that takes a while. The function that it returns ends it.
func (e Env) tell(step, what string) (end func()) {
	timer := time.AfterFunc(patience, func() { e.Sink.Emit(event.Event{Time: e.Now(), Type: event.Waiting, Step: step, Message: what}) })
	return func() { timer.Stop() }
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

// Question is what a person at a terminal is asked. Each text is one line, however it is made up: the names in it may be
// anybody's, and who prints it lays it out.
type Question struct {
	Asks  string
	Plan  *Result        // shown above, in the form of a plan; nil: nothing
	Items []QuestionItem // what it is about, one below the other
	Note  string         // below them, if not empty
	Want  string         // what has to be typed for a yes
}

// QuestionItem is one thing that a question is about.
type QuestionItem struct {
	Name string
	Text string
}

// askAboutKeys is the one question that up ever asks: whether keys may be deleted that are not ours and that nobody
// uses, where a user is taken over. Without a terminal, and with --dry-run, they stay; --yes has answered already. The
// answer holds for the keys that the first look showed, and for no other that shows up meanwhile.
func (r *Run) askAboutKeys(ctx context.Context) (agreed bool, err error) {
	key := r.steps.Key
	if key == nil || r.asked || r.rotation != nil {
		return false, nil
	}
	r.asked = true
	unused := key.Unused()
	if len(unused) == 0 {
		return false, nil
	}
	agreed = r.Settings.Yes
	if !agreed && r.command == "up" && r.Env.Confirm != nil {
		agreed, err = r.Env.Confirm(ctx, aboutKeys(key.Lookup.UserName, unused))
	}
	if agreed && err == nil {
		key.Agreed = slices.Collect(maps.Keys(unused))
	}
	return agreed, err
}

func aboutKeys(user string, unused map[string]string) Question {
	q := Question{
		Asks: fmt.Sprintf("User %s has access keys that gen3-bootstrap did not make and that nobody seems to use:", user),
		Note: "They are deleted when you type \"delete\"; anything else keeps them.", Want: "delete",
	}
	for _, id := range slices.Sorted(maps.Keys(unused)) {
		q.Items = append(q.Items, QuestionItem{Name: id, Text: unused[id]})
	}
	return q
}
