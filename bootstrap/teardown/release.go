package teardown

import (
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// releaseRemoval uninstalls the operator, unless other namespaces of the cluster were set up to use it. Its CRDs stay,
// or go after it: by then neither its webhooks nor itself stand in the way.
type releaseRemoval struct {
	step       *helminstall.Step
	client     *kube.Client
	external   *external.Objects
	namespace  string // of this run
	deleteCRDs bool
	check      func() error

	planned []plan.Change
	crdsGo  bool
	held    []external.HeldNamespace // by finalizers that nobody serves once the operator is gone
	left    bool                     // to other namespaces
	extra   []string
}

// Name is the step's name.
func (r *releaseRemoval) Name() string { return r.step.Name() }

// Warnings are what the step itself has to say, and what is kept in the cluster without its operator.
func (r *releaseRemoval) Warnings() []string { return append(r.step.Warnings(), r.extra...) }

// PlanDestroy says what of release, CRDs and namespace goes.
func (r *releaseRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	r.extra, r.left = nil, false
	all, err := r.step.PlanDestroy(ctx, r.options(r.deleteCRDs, false))
	if err != nil {
		return nil, err
	}
	all = keptCRDsAsOne(all)
	if err := r.judgeNamespace(ctx, all); err != nil {
		return nil, err
	}
	if all, err = r.withLock(ctx, all); err != nil {
		return nil, err
	}
	if r.planned = all; plan.Pending(all) {
		r.planned = r.unlessUsed(ctx, all)
	}
	if err := r.judgeCRDs(ctx); err != nil {
		return nil, err
	}
	return r.planned, r.judgeHeld(ctx)
}

// options leave a namespace that is also this run's own to the end of the run, when the record has gone from it. The
// namespace goes last, as the lock of the release goes with it.
func (r *releaseRemoval) options(deleteCRDs, more bool) helminstall.DestroyOptions {
	return helminstall.DestroyOptions{DeleteCRDs: deleteCRDs, KeepNamespace: more || r.step.Namespace == r.namespace}
}

// Judged is the plan, or what became of it when another namespace was set up since.
func (r *releaseRemoval) Judged() []plan.Change { return r.planned }

// Destroy uninstalls the release first, with its webhooks, and only then touches what those would have guarded. The records
// are looked at once more, since it may be long ago that the plan was made: a person was asked, and locks awaited.
func (r *releaseRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("uninstall Helm release: %w", err)
	}
	if r.planned = r.unlessUsed(ctx, r.planned); !plan.Pending(r.planned) {
		return nil
	}
	options := r.options(false, r.crdsGo)
	options.DeadWebhooks = r.crdsGo
	err := r.step.Destroy(ctx, options, sink)
	if err == nil && r.crdsGo {
		if err = r.check(); err != nil {
			return fmt.Errorf("delete CRDs: %w", err)
		}
		if err = r.unusedStill(ctx); err != nil {
			return err
		}
		err = errors.Join(r.destroyCRDs(ctx, sink), r.free(ctx, sink))
	}
	if err != nil && ctx.Err() != nil { // Helm's side only knows that it was to end
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	return err
}
