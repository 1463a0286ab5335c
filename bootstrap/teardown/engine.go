package teardown

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// remover takes something of a step away.
type remover interface {
	// Name is the step's.
	Name() string
	// PlanDestroy only reads, and says what Destroy would do, what is left and what is in the way.
	PlanDestroy(ctx context.Context) ([]plan.Change, error)
	// Destroy does what the last PlanDestroy said, emits each change that it made, and may be repeated after any failure.
	Destroy(ctx context.Context, sink event.Sink) error
}

// rejudger is a remover that looks again before it writes, and may come to another judgement than the plan.
type rejudger interface{ Judged() []plan.Change }

// ending is one thing that goes, with those that must have come to their end before it, well or not: what follows looks
// at what they left.
type ending struct {
	remover

	after []*ending
	idle  bool                      // only looked at, for what others must know of it
	takes func(bootstrap.Made) bool // reports whether the record need not name a thing any more, once this is settled

	planned []plan.Change // and what became of that plan at a second look
	err     error         // of the last PlanDestroy or Destroy
}

// endings are run in an order in which nothing waits for what goes later.
type endings []*ending

// walk calls visit for each, at the same time where they do not depend on each other.
func (all endings) walk(visit func(*ending)) {
	done := map[*ending]chan struct{}{}
	for _, e := range all {
		done[e] = make(chan struct{})
	}
	var group sync.WaitGroup
	for _, e := range all {
		group.Go(func() {
			defer close(done[e])
			for _, before := range e.after {
				<-done[before]
			}
			visit(e)
		})
	}
	group.Wait()
}

// plan asks all of them anew. One that fails does not keep the others from answering.
func (all endings) plan(ctx context.Context) {
	all.walk(func(e *ending) { e.planned, e.err = e.PlanDestroy(ctx) })
}

// pending reports whether it has something to do.
func (e *ending) pending() bool { return !e.idle && e.err == nil && plan.Pending(e.planned) }

// settled reports that nothing is left of it which should be gone.
func (e *ending) settled() bool {
	return !e.idle && e.err == nil && len(plan.BlockedIn(e.planned)) == 0
}

// destroy goes on past every failure, and returns what was changed.
func (all endings) destroy(ctx context.Context, sink event.Sink, now func() time.Time) []plan.Change {
	record := &bootstrap.Recorder{Sink: sink}
	progress := all.progress(record, now)
	all.walk(func(e *ending) {
		if !e.pending() {
			return
		}
		progress.begin(e)
		if ctx.Err() != nil {
			e.err = fmt.Errorf("not begun: %w", context.Cause(ctx))
		} else {
			e.err = e.Destroy(ctx, record)
			e.recall()
		}
		progress.end(e)
	})
	return record.Changes
}

// recall takes over what Destroy found when it looked again: something may have been taken by somebody else meanwhile.
func (e *ending) recall() {
	if again, ok := e.remover.(rejudger); ok {
		e.planned = again.Judged()
	}
}

// inOrder puts changes in the order of the endings' steps, behind what would be lost and before the record.
func (all endings) inOrder(changes []plan.Change) []plan.Change {
	place := func(c plan.Change) int {
		if c.Step == bootstrap.RecordStep {
			return len(all)
		}
		return slices.IndexFunc(all, func(e *ending) bool { return e.Name() == c.Step })
	}
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return place(a) - place(b) })
	return changes
}

// stepProgress tells of a step's begin and end, of which several endings may have a part.
type stepProgress struct {
	sink event.Sink
	now  func() time.Time

	mu     sync.Mutex
	left   map[string]int // endings of the step that have something to do
	begun  map[string]bool
	failed map[string]bool
}

func (all endings) progress(sink event.Sink, now func() time.Time) *stepProgress {
	p := &stepProgress{sink: sink, now: now, left: map[string]int{}, begun: map[string]bool{}, failed: map[string]bool{}}
	for _, e := range all {
		if e.pending() {
			p.left[e.Name()]++
		}
	}
	return p
}

func (p *stepProgress) begin(e *ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun[e.Name()] {
		p.begun[e.Name()] = true
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepStarted, Step: e.Name()})
	}
}

func (p *stepProgress) end(e *ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.err != nil {
		p.failed[e.Name()] = true
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepFailed, Step: e.Name(), Message: iamsetup.Plain(e.err)})
	}
	if p.left[e.Name()]--; p.left[e.Name()] == 0 && !p.failed[e.Name()] {
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepFinished, Step: e.Name()})
	}
}
