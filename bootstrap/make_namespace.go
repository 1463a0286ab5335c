package bootstrap

import (
	"context"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// makeNamespace brings about what must be there before the lock can be taken.
func (r *run) makeNamespace(ctx context.Context) error {
	t := r.target
	if t.namespace != nil {
		return nil
	}
	if err := t.kube.CreateNamespace(ctx, t.settings.Namespace); err != nil {
		return err // it names the namespace
	}
	for _, c := range r.result.Changes {
		if c.Step == RecordStep && c.Resource == "namespace/"+t.settings.Namespace {
			r.made = append(r.made, c)
			r.env.Sink.Emit(event.Event{Time: r.env.Now(), Type: event.Changed, Step: RecordStep, Change: &c})
		}
	}
	return nil
}

// tellNamespace puts what makeNamespace did before all else that was done: by then the steps found it there.
func (r *run) tellNamespace() {
	r.result.Changed = r.result.Changed || len(r.made) > 0
	for _, c := range r.made {
		same := func(x plan.Change) bool { return x.Resource == c.Resource }
		r.result.Changes = append([]plan.Change{c}, slices.DeleteFunc(r.result.Changes, same)...)
	}
}
