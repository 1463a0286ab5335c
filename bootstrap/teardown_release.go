package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// releaseRemoval uninstalls the operator, unless other namespaces of the cluster were set up to use it. Its CRDs stay,
// or go after it: by then neither its webhooks nor itself stand in the way.
type releaseRemoval struct {
	step       *helminstall.Step
	client     *kube.Client
	external   *kube.ExternalSecrets
	namespace  string // of this run
	deleteCRDs bool
	check      func() error

	planned []plan.Change
	crdsGo  bool
	extra   []string
}

// Name is the step's name.
func (r *releaseRemoval) Name() string { return r.step.Name() }

// Warnings are what the step itself has to say, and what stays in the cluster half alive.
func (r *releaseRemoval) Warnings() []string { return append(r.step.Warnings(), r.extra...) }

// PlanDestroy says what of release, CRDs and namespace goes.
func (r *releaseRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	r.extra = nil
	all, err := r.step.PlanDestroy(ctx, r.options(r.deleteCRDs))
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it was doing
	}
	all = keptCRDsAsOne(all)
	if err := r.judgeNamespace(ctx, all); err != nil {
		return nil, err
	}
	if r.planned = all; plan.Pending(all) {
		r.planned = r.unlessUsed(ctx, all)
	}
	return r.planned, r.judgeCRDs(ctx)
}

// judgeCRDs keeps the CRDs when objects have finalizers that only somebody else can take off: their deletion would hang.
func (r *releaseRemoval) judgeCRDs(ctx context.Context) error {
	isCRD := func(c plan.Change) bool {
		return c.Action == plan.Delete && strings.HasPrefix(c.Resource, "customresourcedefinition/")
	}
	if r.crdsGo = slices.ContainsFunc(r.planned, isCRD); !r.crdsGo {
		return nil
	}
	found, err := r.external.ListAll(ctx)
	if err != nil {
		return err //nolint:wrapcheck // it names the kind
	}
	held := foreignlyHeld(found.Objects)
	if held == nil {
		return nil
	}
	r.crdsGo = false
	r.planned = slices.DeleteFunc(slices.Clone(r.planned), isCRD)
	r.planned = append(r.planned, plan.Change{
		Step: r.Name(), Resource: "customresourcedefinitions/external-secrets.io", Action: plan.Blocked, Reason: held.Error(), Hint: hint.Of(held),
	})
	return nil
}

// foreignlyHeld names the objects that have finalizers which are not the operator's.
func foreignlyHeld(objects []kube.CustomObject) error {
	var held []string
	for _, o := range objects {
		if foreign := o.ForeignFinalizers(); len(foreign) > 0 {
			held = append(held, o.Ref()+" ("+strings.Join(foreign, ", ")+")")
		}
	}
	if held == nil {
		return nil
	}
	return hint.With(fmt.Errorf("delete CRDs: objects would hold them by finalizers that are not External Secrets Operator's: %s", few(held)),
		"see to it that whoever put them there takes them off; teardown strips only the operator's own")
}

// options leave a namespace that is also this run's own to the end of the run, when the record has gone from it.
func (r *releaseRemoval) options(deleteCRDs bool) helminstall.DestroyOptions {
	return helminstall.DestroyOptions{DeleteCRDs: deleteCRDs, KeepNamespace: r.step.Namespace == r.namespace}
}

// keptCRDsAsOne says once what is said of two dozen CRDs.
func keptCRDsAsOne(all []plan.Change) []plan.Change {
	var out []plan.Change
	kept := 0
	for _, c := range all {
		if strings.HasPrefix(c.Resource, "customresourcedefinition/") && c.Action == plan.None {
			kept++
			continue
		}
		out = append(out, c)
	}
	if kept > 0 {
		out = append(out, plan.Change{
			Step: all[0].Step, Resource: "customresourcedefinitions/external-secrets.io", Action: plan.None,
			Reason: fmt.Sprintf("%d are kept: deleting them would delete every object of their kinds; --delete-crds does", kept),
		})
	}
	return out
}

// judgeNamespace looks into the release's namespace where nothing that is about to go is in it.
func (r *releaseRemoval) judgeNamespace(ctx context.Context, all []plan.Change) error {
	i := slices.IndexFunc(all, func(c plan.Change) bool { return c.Resource == "namespace/"+r.step.Namespace })
	if i < 0 || all[0].Action == plan.Delete {
		return nil
	}
	left, err := r.client.Contents(ctx, r.step.Namespace)
	if err != nil {
		return err //nolint:wrapcheck // it names the namespace
	}
	if len(left) > 0 {
		all[i].Action, all[i].Reason = plan.None, "left: it holds "+few(left)
	}
	return nil
}

// few names the first of many.
func few(all []string) string {
	const most = 5
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// unlessUsed leaves everything as it is while another namespace has a record.
func (r *releaseRemoval) unlessUsed(ctx context.Context, all []plan.Change) []plan.Change {
	elsewhere, err := r.client.RecordsElsewhere(ctx, r.namespace)
	if err == nil && len(elsewhere) == 0 {
		return all
	}
	var out []plan.Change
	for _, c := range all {
		switch {
		case c.Action == plan.None:
		case strings.HasPrefix(c.Resource, "customresourcedefinition/"):
			continue
		case err != nil:
			c.Action, c.Hint = plan.Blocked, hint.Of(err)
			c.Reason = fmt.Sprintf("%s is left, as nobody can tell whether other namespaces use it: %s", c.Resource, err)
		default:
			c.Action, c.Reason = plan.None, usedBy(elsewhere)
		}
		out = append(out, c)
	}
	if r.deleteCRDs && err == nil {
		out = append(out, plan.Change{
			Step: r.Name(), Resource: "customresourcedefinitions/external-secrets.io", Action: plan.Blocked,
			Reason: "--delete-crds: the CRDs are " + usedBy(elsewhere), Hint: "run teardown for those namespaces first, and with --delete-crds for the last of them",
		})
	}
	return out
}

func usedBy(namespaces []string) string { return mayUse(namespaces) + "; " + whenUnused }

func mayUse(namespaces []string) string {
	return "left: " + counted(len(namespaces), "other namespace") + " set up with gen3-bootstrap may use it: " + strings.Join(namespaces, ", ")
}

const whenUnused = "`teardown --only helm-release` removes it when they are gone"

// Destroy uninstalls the release first, with its webhooks, and only then touches what those would have guarded.
func (r *releaseRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("uninstall Helm release: %w", err)
	}
	if err := r.unusedStill(ctx, "uninstall Helm release "+r.step.Namespace+"/"+r.step.Settings.Release); err != nil {
		return err
	}
	err := r.step.Destroy(ctx, r.options(false), sink)
	if err == nil && r.crdsGo {
		if err = r.check(); err != nil {
			return fmt.Errorf("delete CRDs: %w", err)
		}
		if err = r.unusedStill(ctx, "delete CRDs"); err != nil {
			return err
		}
		err = r.destroyCRDs(ctx, sink)
	}
	if err != nil && ctx.Err() != nil { // Helm's side only knows that it was to end
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	return err //nolint:wrapcheck // it says what it was doing
}

// unusedStill is an error when another namespace was set up since the plan was made, which may be long ago: a person was
// asked, and the lock awaited.
func (r *releaseRemoval) unusedStill(ctx context.Context, what string) error {
	elsewhere, err := r.client.RecordsElsewhere(ctx, r.namespace)
	if err != nil {
		return hint.With(fmt.Errorf("%s: left, as nobody can tell whether other namespaces use it: %w", what, err), hint.Of(err))
	}
	if len(elsewhere) > 0 {
		return hint.With(fmt.Errorf("%s: %s", what, mayUse(elsewhere)), whenUnused)
	}
	return nil
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
	err = r.step.Destroy(ctx, r.options(true), sink)
	stop()
	<-ended
	if stripped > 0 {
		sink.Emit(event.Event{Type: event.Changed, Step: r.Name(), Change: &plan.Change{
			Step: r.Name(), Resource: "finalizers/external-secrets.io", Action: plan.Update,
			Reason: fmt.Sprintf("the operator's were taken off %d objects that were to go, as it no longer serves them", stripped),
		}})
	}
	return err //nolint:wrapcheck // it says what it was doing
}

func ignore(error) error { return nil }

// strip takes the operator's finalizers off all its objects, and names others that would hold them.
func (r *releaseRemoval) strip(ctx context.Context) (int, error) {
	found, err := r.external.ListAll(ctx)
	if err != nil {
		return 0, err //nolint:wrapcheck // it names the kind
	}
	errs := []error{foreignlyHeld(found.Objects)}
	for _, u := range found.Unread {
		errs = append(errs, u.Err)
	}
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	stripped, err := r.external.StripFinalizers(ctx, found.Objects)
	return len(stripped), err //nolint:wrapcheck // it names the object
}
