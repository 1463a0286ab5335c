package teardown

import (
	"context"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// remover takes something of a step away.
type remover interface {
	// Name is the step's.
	Name() string
	// PlanDestroy only reads, and says what Destroy would do, what is kept and what is in the way.
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
	bootstrap.Walk(all, func(e *ending) []*ending { return e.after }, visit)
}

// plan asks all of them anew. One that fails does not keep the others from answering.
func (all endings) plan(ctx context.Context) {
	all.walk(func(e *ending) { e.planned, e.err = e.PlanDestroy(ctx) })
}

// pending reports whether it has something to do.
func (e *ending) pending() bool { return !e.idle && e.err == nil && plan.Pending(e.planned) }

// settled reports that everything of it that should be deleted is.
func (e *ending) settled() bool {
	return !e.idle && e.err == nil && len(plan.BlockedIn(e.planned)) == 0
}

// destroy goes on past every failure, and returns what was changed.
func (all endings) destroy(ctx context.Context, sink event.Sink, now func() time.Time) []plan.Change {
	var parts []string
	for _, e := range all {
		if e.pending() {
			parts = append(parts, e.Name())
		}
	}
	progress := bootstrap.NewProgress(sink, now, parts)
	all.walk(func(e *ending) {
		if !e.pending() {
			return
		}
		e.err = progress.Run(ctx, e.Name(), func(sink event.Sink) error {
			err := e.Destroy(ctx, sink)
			e.recall()
			return err
		})
	})
	return progress.Changes(all.steps())
}

// steps are the names of the steps, in the order in which they are shown: the record goes last.
func (all endings) steps() []string {
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return append(out, bootstrap.RecordStep)
}

// recall takes over what Destroy found when it looked again: something may have been taken by somebody else meanwhile.
func (e *ending) recall() {
	if again, ok := e.remover.(rejudger); ok {
		e.planned = again.Judged()
	}
}
