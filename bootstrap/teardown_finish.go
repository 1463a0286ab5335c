package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// The record goes when all that it names has gone, then the Lease, then a namespace of ours that is empty: whatever a
// run leaves behind when it is killed, the next one finds.

func without(list, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(gone, s) })
}

// namesNothing reports whether nothing is left by which something of ours would be found.
func (r Recorded) namesNothing() bool {
	return r.PolicyName == "" && r.UserName == "" && len(r.SecretNames) == 0 && r.RoleName == "" && r.OIDCIssuer == "" && r.Release == ""
}

// remaining is the record without what is gone, or will be; nil when nothing remains.
func (t *teardown) remaining() *Recorded {
	r := t.recorded()
	if r == nil {
		return nil
	}
	all := append([]Recorded{*r}, r.Earlier...)
	all[0].Earlier = nil
	for i := range all {
		if all[i].Account == t.settings.Account {
			t.forget(&all[i])
		}
	}
	left := all[0]
	for _, e := range all[1:] {
		if !e.namesNothing() {
			left.Earlier = append(left.Earlier, e)
		}
	}
	if left.namesNothing() && len(left.Earlier) == 0 {
		return nil
	}
	return &left
}

func (t *teardown) forget(r *Recorded) {
	for _, e := range t.all {
		if e.forget != nil && e.settled() {
			e.forget(r)
		}
	}
}

// allSettled reports whether nothing is left, or will be, that should be gone.
func (t *teardown) allSettled() bool {
	return !slices.ContainsFunc(t.all, func(e *ending) bool { return !e.idle && !e.settled() })
}

// closes reports whether the run ends with nothing of ours left in the namespace.
func (t *teardown) closes() bool {
	if t.recorded() != nil {
		return t.allSettled() && t.remaining() == nil
	}
	return t.allSettled() && len(t.options.Only) == 0
}

// planClosing says what becomes of record, Lease and namespace.
func (t *teardown) planClosing(ctx context.Context) ([]plan.Change, error) {
	if !t.hasLock() {
		return nil, nil
	}
	var out []plan.Change
	if t.target.record.Exists() {
		out = append(out, t.recordChange())
	}
	if !t.closes() {
		return out, nil
	}
	lock, err := t.target.kube.LockState(ctx, t.target.settings.Namespace)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the Lease
	}
	if lock != nil && lock.Ours {
		out = append(out, t.closingChange("lease/"+t.target.settings.Namespace+"/"+kube.RecordName, plan.Delete, "the lock of runs in this namespace"))
	}
	ns, err := t.namespaceChange(ctx)
	return append(out, ns...), err
}

func (t *teardown) closingChange(resource string, action plan.Action, reason string) plan.Change {
	return plan.Change{Step: recordStep, Resource: resource, Action: action, Reason: reason}
}

func (t *teardown) recordChange() plan.Change {
	resource := "configmap/" + t.target.settings.Namespace + "/" + kube.RecordName
	left := t.remaining()
	switch before := t.recorded(); {
	case t.closes():
		return t.closingChange(resource, plan.Delete, "nothing that it names is left")
	case left != nil && before != nil && normal(*left) != normal(*before):
		return t.closingChange(resource, plan.Update, "what is gone is taken out; the rest is found by it next time")
	default:
		return t.closingChange(resource, plan.None, "kept: it names what is left")
	}
}

// namespaceChange says nothing of a namespace that somebody else made.
func (t *teardown) namespaceChange(ctx context.Context) ([]plan.Change, error) {
	ns := t.target.namespace
	if !kube.IsOurs(ns) || len(t.options.Only) > 0 {
		return nil, nil
	}
	resource := "namespace/" + ns.Name
	holdsRelease := slices.ContainsFunc(t.names.releases, func(r releaseName) bool { return r.namespace == ns.Name })
	if takes := t.takes(); takes.crds || takes.operator && holdsRelease { // what is in it now tells little
		return []plan.Change{t.closingChange(resource, plan.Delete, "made by this program; only if nothing else is in it")}, nil
	}
	left, err := t.contents(ctx)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return []plan.Change{t.closingChange(resource, plan.None, "left: it holds "+few(left))}, nil
	}
	return []plan.Change{t.closingChange(resource, plan.Delete, "made by this program, and nothing else is in it")}, nil
}

// contents is what is in the namespace besides what is about to go.
func (t *teardown) contents(ctx context.Context) ([]string, error) {
	all, err := t.target.kube.Contents(ctx, t.target.settings.Namespace)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the namespace
	}
	var going []string
	for _, e := range t.all {
		for _, c := range e.planned {
			if name, ok := strings.CutPrefix(c.Resource, "secret/"+t.target.settings.Namespace+"/"); ok && c.Action == plan.Delete {
				going = append(going, "secrets/"+name)
			}
		}
	}
	return without(all, going), nil
}

// closeRecord writes down what is left, or deletes the record. It outlives an interrupt no longer than the run: until
// then the record names more than there is, which harms nobody.
func (t *teardown) closeRecord(ctx context.Context) ([]plan.Change, error) {
	if !t.hasLock() || !t.target.record.Exists() || ctx.Err() != nil {
		return nil, nil
	}
	if err := t.lock.Check(); err != nil {
		return nil, err
	}
	change := t.recordChange()
	var err error
	switch change.Action {
	case plan.Delete:
		err = t.target.record.Delete(ctx)
	case plan.Update:
		err = t.saveRecord(ctx)
	case plan.None, plan.Create, plan.Adopt, plan.Blocked:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.closed = change.Action == plan.Delete
	t.env.Sink.Emit(event.Event{Time: t.env.Now(), Type: event.Changed, Step: recordStep, Change: &change})
	return []plan.Change{change}, nil
}

func (t *teardown) saveRecord(ctx context.Context) error {
	text, err := json.MarshalIndent(t.remaining(), "", "  ")
	if err != nil {
		return fmt.Errorf("marshal record: %w", err)
	}
	return t.target.record.SaveSettings(ctx, text) //nolint:wrapcheck // it names the record
}

// leave deletes the Lease once it was let go, and then the namespace.
func (t *teardown) leave(ctx context.Context) error {
	if ctx.Err() != nil || !t.closed && (!t.closes() || t.target.record.Exists()) {
		return nil
	}
	var changed []plan.Change
	var errs []error
	for _, c := range t.closing {
		kind, _, _ := strings.Cut(c.Resource, "/")
		if c.Action != plan.Delete || kind == "configmap" {
			continue
		}
		done, err := t.leaveOne(ctx, kind)
		if err != nil {
			errs = append(errs, err)
			break // a namespace without its Lease is not empty, and one that stays may be used
		}
		if done {
			t.env.Sink.Emit(event.Event{Time: t.env.Now(), Type: event.Changed, Step: recordStep, Change: &c})
			changed = append(changed, c)
		}
	}
	t.result.Changes = append(t.result.Changes, changed...)
	t.result.Changed = t.result.Changed || len(changed) > 0
	if err := errors.Join(errs...); err != nil {
		return t.fail(recordStep, errs...)
	}
	return nil
}

func (t *teardown) leaveOne(ctx context.Context, kind string) (bool, error) {
	namespace := t.target.settings.Namespace
	if kind == "lease" {
		done, err := t.target.kube.DeleteLease(ctx, namespace)
		if err == nil && !done {
			return false, hint.With(fmt.Errorf("delete Lease %s/%s: another run has taken the lock", namespace, kube.RecordName), "run teardown again when that run has ended")
		}
		return done, err //nolint:wrapcheck // it names the Lease
	}
	left, err := t.emptied(ctx)
	if err != nil || len(left) > 0 {
		if err == nil {
			t.result.Warnings = append(t.result.Warnings, fmt.Sprintf("namespace %s is left: it holds %s", namespace, few(left)))
		}
		return false, err
	}
	return true, t.target.kube.DeleteNamespace(ctx, t.target.namespace) //nolint:wrapcheck // it names the namespace
}

// emptied waits until what goes with release and CRDs has gone, as long as something goes, and returns what does not.
func (t *teardown) emptied(ctx context.Context) (left []string, err error) {
	timing := t.target.settings.Timing
	before, since := -1, t.env.Now()
	waitErr := wait.PollUntilContextCancel(ctx, timing.Poll, true, func(ctx context.Context) (bool, error) {
		if left, err = t.target.kube.Contents(ctx, t.target.settings.Namespace); err != nil || len(left) == 0 {
			return true, nil //nolint:nilerr // it is returned below
		}
		if len(left) != before {
			before, since = len(left), t.env.Now()
		}
		return t.env.Now().Sub(since) > timing.Settle, nil
	})
	return left, errors.Join(err, waitErr)
}
