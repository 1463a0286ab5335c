package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Step owns a few remote resources.
type Step interface {
	// Name is the step's name in plans, events and --only.
	Name() string
	// Observe only reads. It returns what Apply would do, in a fixed order, resources that are up to date included. It may
	// be called again, and then forgets what it saw.
	Observe(ctx context.Context) ([]plan.Change, error)
	// Apply does what the last Observe said, emits each change that it made, and may be repeated after any failure.
	Apply(ctx context.Context, sink event.Sink) error
}

// Node is a step with the names of those that must have been applied before it.
type Node struct {
	Step  Step
	after []string
}

// Engine runs steps: all are observed at the same time, and independent ones are applied at the same time. What it
// returns is in the order of its nodes, however they ran.
type Engine struct {
	Nodes  []Node
	Beside func(context.Context) // a look that is no step's, while the steps observe; nil: none
	Sink   event.Sink
	Now    func() time.Time
}

// observation is what one step said.
type observation struct {
	Step    string
	Changes []plan.Change
	Err     error
}

// Observe asks every step. One that fails does not keep the others from answering.
func (e *Engine) Observe(ctx context.Context) []observation {
	out := make([]observation, len(e.Nodes))
	var group sync.WaitGroup
	for i, n := range e.Nodes {
		group.Go(func() {
			changes, err := n.Step.Observe(ctx)
			out[i] = observation{Step: n.Step.Name(), Changes: changes, Err: err}
		})
	}
	if e.Beside != nil {
		group.Go(func() { e.Beside(ctx) })
	}
	group.Wait()
	return out
}

// errSkipped ends a step whose predecessor failed; it is not reported as an error of its own.
var errSkipped = errors.New("an earlier step of the same chain did not succeed")

// apply runs the steps that have something to do. A step starts when those before it in its chain have succeeded; a
// failure ends its chain, and the others come to their own end. It returns what was changed and each step's error.
func (e *Engine) apply(ctx context.Context) (changed []plan.Change, errs []observation) {
	record := &Recorder{Sink: e.Sink}
	ended := map[string]chan error{}
	for _, n := range e.Nodes {
		ended[n.Step.Name()] = make(chan error, 1)
	}
	results := make([]error, len(e.Nodes))
	var group sync.WaitGroup
	for i, n := range e.Nodes {
		group.Go(func() {
			results[i] = e.applyNode(ctx, n, ended, record)
			end := ended[n.Step.Name()]
			end <- results[i]
		})
	}
	group.Wait()
	for i, n := range e.Nodes {
		if results[i] != nil && !errors.Is(results[i], errSkipped) {
			errs = append(errs, observation{Step: n.Step.Name(), Err: results[i]})
		}
	}
	return record.inOrder(e.Nodes), errs
}

func (e *Engine) applyNode(ctx context.Context, n Node, ended map[string]chan error, sink event.Sink) error {
	for _, before := range n.after {
		err := <-ended[before]
		ended[before] <- err // for the next one who asks
		if err != nil {
			return errSkipped
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("not begun: %w", context.Cause(ctx))
	}
	name := n.Step.Name()
	sink.Emit(event.Event{Time: e.Now(), Type: event.StepStarted, Step: name})
	if err := n.Step.Apply(ctx, sink); err != nil {
		sink.Emit(event.Event{Time: e.Now(), Type: event.StepFailed, Step: name, Message: iamsetup.Plain(err)})
		return withCause(ctx, err)
	}
	sink.Emit(event.Event{Time: e.Now(), Type: event.StepFinished, Step: name})
	return nil
}

// withCause says why a step that was cut off was: "context canceled" alone would leave the reader guessing.
func withCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	if errors.Is(err, kube.ErrLockLost) {
		return hint.With(err, "another run may be writing; run the same command again, which goes on from what is there")
	}
	return err
}

// Recorder passes events on and keeps the changes.
type Recorder struct {
	Sink event.Sink

	mu      sync.Mutex
	Changes []plan.Change
}

// Emit implements event.Sink.
func (r *Recorder) Emit(e event.Event) {
	if e.Type == event.Changed && e.Change != nil {
		r.mu.Lock()
		r.Changes = append(r.Changes, *e.Change)
		r.mu.Unlock()
	}
	r.Sink.Emit(e)
}

// inOrder returns the changes by the order of the steps, and within a step as they were made.
func (r *Recorder) inOrder(nodes []Node) []plan.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := func(c plan.Change) int {
		return slices.IndexFunc(nodes, func(n Node) bool { return n.Step.Name() == c.Step })
	}
	slices.SortStableFunc(r.Changes, func(a, b plan.Change) int { return place(a) - place(b) })
	return r.Changes
}
