package bootstrap

import (
	"context"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// makeNamespace brings about what must be there before the lock can be taken.
func (r *Run) makeNamespace(ctx context.Context) error {
	t := r.Target
	if t.Namespace != nil {
		return nil
	}
	if err := t.Kube.CreateNamespace(ctx, t.Settings.Namespace); err != nil {
		return err
	}
	for _, c := range r.Result.Changes {
		if c.Step == RecordStep && c.Resource == plan.Of(plan.Namespace, t.Settings.Namespace) {
			r.made = append(r.made, c)
			r.Env.Sink.Emit(event.Event{Time: r.Env.Now(), Type: event.Changed, Step: RecordStep, Change: &c})
		}
	}
	return nil
}

// tellNamespace puts what makeNamespace did before all else that was done: by then the steps found it there.
func (r *Run) tellNamespace() {
	r.Result.Changed = r.Result.Changed || len(r.made) > 0
	for _, c := range r.made {
		same := func(x plan.Change) bool { return x.Resource == c.Resource }
		r.Result.Changes = append([]plan.Change{c}, slices.DeleteFunc(r.Result.Changes, same)...)
	}
}
