package iamtest

import (
	"context"
	"errors"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is what a run takes each step of an up for.
type Step interface {
	Observe(context.Context) ([]plan.Change, error)
	Apply(context.Context, event.Sink) error
}

// Remover is what a run takes each removal for.
type Remover interface {
	PlanDestroy(context.Context) ([]plan.Change, error)
	Destroy(context.Context, event.Sink) error
}

// Converge has a step observe and apply, unless something is in its way, and returns what it planned.
func Converge(t *testing.T, s Step) []plan.Change {
	t.Helper()
	changes, err := s.Observe(t.Context())
	Check(t, err)
	if len(plan.BlockedIn(changes)) == 0 {
		Check(t, s.Apply(t.Context(), event.Discard))
	}
	return changes
}

// Race has both observe before either applies: each plans to create. It returns what the loser's Apply came to.
func Race(t *testing.T, winner, loser Step) error {
	t.Helper()
	for _, s := range []Step{winner, loser} {
		_, err := s.Observe(t.Context())
		Check(t, err)
	}
	Check(t, winner.Apply(t.Context(), event.Discard))
	return loser.Apply(t.Context(), event.Discard)
}

// Destroy carries out removals that depend on each other, in this order, and returns what they changed.
func Destroy(t *testing.T, all ...Remover) (made []plan.Change, err error) {
	t.Helper()
	var changes []plan.Change
	for _, r := range all {
		planned, planErr := r.PlanDestroy(t.Context())
		changes = append(changes, planned...)
		err = errors.Join(err, planErr)
	}
	t.Log(Actions(changes), Reasons(changes))
	sink := event.SinkFunc(func(e event.Event) {
		if e.Type == event.Changed {
			made = append(made, *e.Change)
		}
	})
	for _, r := range all {
		err = errors.Join(err, r.Destroy(t.Context(), sink))
	}
	return made, err
}

// MustDestroy is Destroy without an error.
func MustDestroy(t *testing.T, all ...Remover) []plan.Change {
	t.Helper()
	made, err := Destroy(t, all...)
	Check(t, err)
	return made
}

// WantPlan has the removals plan, as a run does long before it comes to each of them.
func WantPlan(t *testing.T, want string, all ...Remover) {
	t.Helper()
	var changes []plan.Change
	for _, r := range all {
		c, err := r.PlanDestroy(t.Context())
		Check(t, err)
		changes = append(changes, c...)
	}
	if Actions(changes) != want {
		t.Fatalf("planned %+v", changes)
	}
}

// CarryOut has the removals do what they planned.
func CarryOut(t *testing.T, all ...Remover) {
	t.Helper()
	for _, r := range all {
		Check(t, r.Destroy(t.Context(), event.Discard))
	}
}
