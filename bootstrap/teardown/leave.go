package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
	"github.com/uc-cdis/gen3-bootstrap/internal/namespace"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// namespaceChange says nothing of a namespace that somebody else made.
func (t *teardown) namespaceChange(ctx context.Context) ([]plan.Change, error) {
	ns := t.Target.Namespace
	if !kube.IsOurs(ns) || len(t.options.Only) > 0 {
		return nil, nil
	}
	resource := plan.Of(plan.Namespace, ns.Name)
	holdsRelease := slices.ContainsFunc(t.names.Releases, func(r bootstrap.ReleaseName) bool { return r.Namespace == ns.Name })
	if takes := t.takes(); takes.crds || takes.operator && holdsRelease { // what is in it now tells little
		return []plan.Change{t.closingChange(resource, plan.Delete, "made by this program; only if nothing else is in it")}, nil
	}
	left, err := t.contents(ctx)
	if errors.Is(err, inventory.ErrUnknown) {
		return []plan.Change{t.closingChange(resource, plan.None, "kept: "+err.Error())}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return []plan.Change{t.closingChange(resource, plan.None, "kept: it holds "+words.Few(left))}, nil
	}
	return []plan.Change{t.closingChange(resource, plan.Delete, "made by this program, and nothing else is in it")}, nil
}

// contents is what is in the namespace besides what is about to go.
func (t *teardown) contents(ctx context.Context) ([]string, error) {
	all, err := t.Target.Kube.ContentsBesidesOurs(ctx, t.Target.Settings.Namespace)
	if err != nil {
		return nil, err
	}
	var going []string
	for _, e := range t.all {
		for _, c := range e.planned {
			if c.Resource.Kind == plan.Secret && c.Action == plan.Delete {
				going = append(going, "secrets/"+c.Resource.Name)
			}
		}
	}
	return words.Without(all, going), nil
}

// leave deletes the Lease once it is released, and then the namespace.
func (t *teardown) leave(ctx context.Context) error {
	if !t.closed && (!t.closes() || t.Target.Record.Exists()) {
		return nil
	}
	var changed []plan.Change
	var errs []error
	for _, c := range t.closing {
		if c.Action != plan.Delete || c.Resource.Kind == plan.ConfigMap {
			continue
		}
		if err := bootstrap.NotBegun(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", c.Action, c.Resource, err))
			break
		}
		done, err := t.leaveOne(ctx, c.Resource.Kind)
		if err != nil {
			errs = append(errs, err)
			break // a namespace without its Lease is not empty, and one that is kept may be used
		}
		if done {
			t.Env.Sink.Emit(event.Event{Time: t.Env.Now(), Type: event.Changed, Step: bootstrap.RecordStep, Change: &c})
			changed = append(changed, c)
		}
	}
	t.Result.Changes = append(t.Result.Changes, changed...)
	t.Result.Changed = t.Result.Changed || len(changed) > 0
	if err := errors.Join(errs...); err != nil {
		return t.Fail(bootstrap.RecordStep, errs...)
	}
	return nil
}

func (t *teardown) leaveOne(ctx context.Context, kind string) (bool, error) {
	name := t.Target.Settings.Namespace
	if kind == plan.Lease {
		done, err := t.Target.Kube.DeleteLease(ctx, name, kube.RecordName, t.Target.Self)
		if err == nil && !done {
			return false, hint.With(fmt.Errorf("delete Lease %s/%s: another run has taken the lock", name, kube.RecordName), "run teardown again when that run has ended")
		}
		return done, err
	}
	switch left, err := t.emptied(ctx); {
	case errors.Is(err, inventory.ErrUnknown):
		t.Result.Warnings = append(t.Result.Warnings, bootstrap.Warning{Code: "namespace-kept", Message: fmt.Sprintf("namespace %s is kept: %v", name, err)})
		return false, nil
	case err != nil:
		return false, err
	case len(left) > 0:
		t.Result.Warnings = append(t.Result.Warnings, bootstrap.Warning{Code: "namespace-kept", Message: fmt.Sprintf("namespace %s is kept: it holds %s", name, words.Few(left))})
		return false, nil
	}
	seen := t.Target.Namespace.UID
	if err := namespace.Delete(ctx, t.Target.Kube, name, seen); err != nil {
		return false, err
	}
	return true, namespace.AwaitGone(ctx, t.Target.Kube, name, seen)
}

// emptied waits until what goes with release and CRDs has gone, as long as something goes, and returns what does not. A
// record or Lease is another run's by now.
func (t *teardown) emptied(ctx context.Context) (left []string, err error) {
	timing := t.Target.Settings.Timing
	before, since := -1, t.Env.Now()
	waitErr := wait.PollUntilContextCancel(ctx, timing.Poll, true, func(ctx context.Context) (bool, error) {
		if left, err = t.Target.Kube.Contents(ctx, t.Target.Settings.Namespace); err != nil || len(left) == 0 {
			return true, nil // it is returned below
		}
		if len(left) != before {
			before, since = len(left), t.Env.Now()
		}
		return t.Env.Now().Sub(since) > timing.Settle, nil
	})
	return left, errors.Join(err, waitErr)
}
