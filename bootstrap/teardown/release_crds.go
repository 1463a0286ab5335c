package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// judgeCRDs keeps the CRDs when objects have finalizers that only somebody else can take off: their deletion would hang.
func (r *releaseRemoval) judgeCRDs(ctx context.Context) error {
	isCRD := func(c plan.Change) bool {
		return c.Action == plan.Delete && c.Resource.Kind == plan.CRD
	}
	if r.crdsGo = slices.ContainsFunc(r.planned, isCRD); !r.crdsGo {
		return nil
	}
	if slices.ContainsFunc(r.planned, func(c plan.Change) bool { return isWebhook(c) && c.Action == plan.Blocked }) {
		r.crdsGo = false // as long as it is there, no finalizer can be taken off, and no object goes
		r.planned = slices.DeleteFunc(slices.Clone(r.planned), isCRD)
		return nil
	}
	found, err := r.external.ListAll(ctx)
	if err != nil {
		return err
	}
	held := foreignlyHeld(found.Objects)
	if held == nil {
		return nil
	}
	r.crdsGo = false
	r.planned = slices.DeleteFunc(slices.Clone(r.planned), isCRD)
	blocked := hint.Change(held)
	blocked.Step, blocked.Resource = r.Name(), externalCRDs()
	r.planned = append(r.planned, blocked)
	return nil
}

// foreignlyHeld names the objects that have finalizers which are not the operator's.
func foreignlyHeld(objects []external.Object) error {
	var held []string
	for _, o := range objects {
		if foreign := o.ForeignFinalizers(); len(foreign) > 0 {
			held = append(held, o.Ref()+" ("+strings.Join(foreign, ", ")+")")
		}
	}
	if held == nil {
		return nil
	}
	return hint.With(fmt.Errorf("delete CRDs: objects would hold them by finalizers that are not External Secrets Operator's: %s", words.Few(held)),
		"see to it that whoever put them there takes them off; teardown strips only the operator's own")
}

// finalizerLook is the pause between two looks for finalizers while CRDs go.
const finalizerLook = time.Second

// destroyCRDs deletes the CRDs and, as long as their objects have not gone, takes the operator's finalizers off those: a
// last pod of the operator may still be putting some on.
func (r *releaseRemoval) destroyCRDs(ctx context.Context, sink event.Sink) error {
	stripped, err := r.strip(ctx)
	if err != nil {
		return err
	}
	going, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = wait.PollUntilContextCancel(going, finalizerLook, false, func(ctx context.Context) (bool, error) {
			more, err := r.strip(ctx)
			stripped += more
			return false, ignore(err) // what hangs is reported by who waits for the CRDs
		})
	}()
	err = r.step.Destroy(ctx, r.options(true, false), sink)
	stop()
	<-ended
	if stripped > 0 {
		sink.Emit(event.Event{Type: event.Changed, Step: r.Name(), Change: &plan.Change{
			Step: r.Name(), Resource: plan.Of("finalizers", "external-secrets.io"), Action: plan.Update,
			Reason: "the operator's were taken off " + words.Counted(stripped, "object") + " that had to go, as it no longer serves them",
		}})
	}
	return err
}

func ignore(error) error { return nil }

// strip takes the operator's finalizers off all its objects, and names others that would hold them.
func (r *releaseRemoval) strip(ctx context.Context) (int, error) {
	found, err := r.external.ListAll(ctx)
	if err != nil {
		return 0, err
	}
	errs := []error{foreignlyHeld(found.Objects)}
	for _, u := range found.Unread {
		errs = append(errs, u.Err)
	}
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	stripped, err := r.external.StripFinalizers(ctx, found.Objects)
	return len(stripped), err
}

// keptCRDsAsOne says once what is said of two dozen CRDs.
func keptCRDsAsOne(all []plan.Change) []plan.Change {
	var out []plan.Change
	kept, reason := 0, ""
	for _, c := range all {
		if c.Resource.Kind == plan.CRD && c.Action == plan.None {
			kept, reason = kept+1, c.Reason
			continue
		}
		out = append(out, c)
	}
	if kept > 0 {
		out = append(out, plan.Change{
			Step: all[0].Step, Resource: externalCRDs(), Action: plan.None,
			Reason: fmt.Sprintf("%d are %s", kept, reason),
		})
	}
	return out
}

func isWebhook(c plan.Change) bool {
	return c.Resource.Kind == plan.ValidatingWebhook || c.Resource.Kind == plan.MutatingWebhook
}

// externalCRDs are the CRDs of External Secrets as a whole.
func externalCRDs() plan.Resource { return plan.Of(plan.CRDs, "external-secrets.io") }
