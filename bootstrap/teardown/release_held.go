package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// judgeHeld looks for namespaces with finalizers of the operator. They go with the CRDs, whose objects they were for. Where the
// CRDs are kept, an operator may come back and serve them: then they are only told.
func (r *releaseRemoval) judgeHeld(ctx context.Context) error {
	r.held = nil
	operatorGoes := slices.ContainsFunc(r.planned, func(c plan.Change) bool { return c.Resource.Kind == plan.HelmRelease && c.Action == plan.Delete })
	if !r.crdsGo && !operatorGoes && len(r.step.Operators()) > 0 {
		return nil
	}
	held, err := r.external.HeldNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, n := range held {
		if !r.crdsGo {
			r.extra = append(r.extra, fmt.Sprintf("namespace %s has finalizers that only the operator takes off (%s): without one it cannot be deleted, unless by hand: %s",
				n.Name, strings.Join(n.Held, ", "), n.Command()))
			continue
		}
		r.held = append(r.held, n)
		r.planned = append(r.planned, heldChange(r.Name(), n))
	}
	return nil
}

func heldChange(step string, n external.HeldNamespace) plan.Change {
	return plan.Change{
		Step: step, Resource: plan.Of(plan.Namespace, n.Name), Action: plan.Update,
		Reason: "takes off the operator's finalizers, which nobody else would: " + strings.Join(n.Held, ", "),
	}
}

// free takes the finalizers off that the plan showed.
func (r *releaseRemoval) free(ctx context.Context, sink event.Sink) error {
	var errs []error
	for _, n := range r.held {
		if err := r.external.Free(ctx, n); err != nil {
			errs = append(errs, err)
			continue
		}
		c := heldChange(r.Name(), n)
		sink.Emit(event.Event{Type: event.Changed, Step: r.Name(), Change: &c})
	}
	return errors.Join(errs...)
}
