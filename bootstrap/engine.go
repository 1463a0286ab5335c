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

// Node is a step with what a run has to know of it. A function that is nil stands for nothing to say.
type Node struct {
	Step

	after     []string                  // the steps that must have been applied before it
	warnings  func() []string           // what it has to say beside its changes
	needs     func(pending bool) Needs  // what it takes in the cluster
	output    func(*Outputs)            // enters the names that it knows
	ownership func() iamsetup.Ownership // whose its resource is
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
			defer Env{Sink: e.Sink, Now: e.Now}.tell(n.Name(), "a look at what there is")()
			changes, err := n.Observe(ctx)
			out[i] = observation{Step: n.Name(), Changes: changes, Err: err}
		})
	}
	if e.Beside != nil {
		group.Go(func() { e.Beside(ctx) })
	}
	group.Wait()
	return out
}

// apply runs the steps. A step starts when those before it in its chain have succeeded; a failure ends its chain, and the
// others come to their own end. It returns what was changed and each step's error.
func (e *Engine) apply(ctx context.Context) (changed []plan.Change, errs []observation) {
	steps := e.steps()
	progress := NewProgress(e.Sink, e.Now, steps)
	results := make([]error, len(e.Nodes))
	skipped := make([]bool, len(e.Nodes)) // since one before it failed, which is no error of its own
	Walk(steps, func(step string) []string { return e.Nodes[slices.Index(steps, step)].after }, func(step string) {
		i := slices.Index(steps, step)
		for _, before := range e.Nodes[i].after {
			b := slices.Index(steps, before)
			skipped[i] = skipped[i] || skipped[b] || results[b] != nil
		}
		if !skipped[i] {
			results[i] = withCause(ctx, progress.Run(ctx, step, func(sink event.Sink) error { return e.Nodes[i].Apply(ctx, sink) }))
		}
	})
	for i, err := range results {
		if err != nil {
			errs = append(errs, observation{Step: steps[i], Err: err})
		}
	}
	return progress.Changes(steps), errs
}

// steps are the names of the steps, in the order in which they are shown.
func (e *Engine) steps() []string {
	out := make([]string, 0, len(e.Nodes))
	for _, n := range e.Nodes {
		out = append(out, n.Name())
	}
	return out
}

// withCause says why a step that was cut off was: "context canceled" alone would leave the reader guessing.
func withCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	if errors.Is(err, kube.ErrLockLost) {
		return hint.With(err, "another run may be writing; run the same command again, which goes on from what is there")
	}
	return err
}
