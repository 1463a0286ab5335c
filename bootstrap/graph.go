package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Walk visits every node, at the same time where none waits for another. A node begins when all those of after have been
// visited, well or not. No node may wait for one that waits for it.
func Walk[N comparable](nodes []N, after func(N) []N, visit func(N)) {
	done := map[N]chan struct{}{}
	for _, n := range nodes {
		done[n] = make(chan struct{})
	}
	var group sync.WaitGroup
	for _, n := range nodes {
		group.Go(func() {
			defer close(done[n])
			for _, before := range after(n) {
				<-done[before]
			}
			visit(n)
		})
	}
	group.Wait()
}

// Progress tells of steps as they begin and end, and keeps the changes that are made. Several nodes may be parts of one step.
type Progress struct {
	sink event.Sink
	now  func() time.Time

	mu      sync.Mutex
	left    map[string]int // parts of the step that have not ended
	begun   map[string]bool
	failed  map[string]bool
	changes []plan.Change
}

// NewProgress is told the step of every part that will run.
func NewProgress(sink event.Sink, now func() time.Time, parts []string) *Progress {
	p := &Progress{sink: sink, now: now, left: map[string]int{}, begun: map[string]bool{}, failed: map[string]bool{}}
	for _, step := range parts {
		p.left[step]++
	}
	return p
}

// Run runs one part of a step, unless the run has ended before.
func (p *Progress) Run(ctx context.Context, step string, part func(event.Sink) error) error {
	err := NotBegun(ctx)
	if err == nil {
		p.begin(step)
		err = part(p)
	}
	p.end(step, err)
	return err
}

// NotBegun is why nothing more may be begun once the run has ended; nil: it goes on.
func NotBegun(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("not begun: %w", cause)
	}
	return nil
}

func (p *Progress) begin(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun[step] {
		p.begun[step] = true
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepStarted, Step: step})
	}
}

func (p *Progress) end(step string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed[step] = true
	}
	if err != nil && p.begun[step] {
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepFailed, Step: step, Message: iamsetup.Plain(err)})
	}
	if p.left[step]--; p.left[step] == 0 && !p.failed[step] {
		p.sink.Emit(event.Event{Time: p.now(), Type: event.StepFinished, Step: step})
	}
}

// Emit passes events on and keeps the changes.
func (p *Progress) Emit(e event.Event) {
	if e.Type == event.Changed && e.Change != nil {
		p.mu.Lock()
		p.changes = append(p.changes, *e.Change)
		p.mu.Unlock()
	}
	p.sink.Emit(e)
}

// Changes are those made, by the order of the steps, and within a step as they were made.
func (p *Progress) Changes(steps []string) []plan.Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return InOrder(p.changes, steps)
}

// InOrder sorts changes by the order of their steps. What is of none of them comes first.
func InOrder(changes []plan.Change, steps []string) []plan.Change {
	place := func(c plan.Change) int { return slices.Index(steps, c.Step) }
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return place(a) - place(b) })
	return changes
}
