package teardown

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// The record goes when all that it names has gone, then the Lease, then a namespace of ours that is empty: whatever a
// run leaves behind when it is killed, the next one finds.

// remaining is the record without what is gone, or will be; nil when nothing remains.
func (t *teardown) remaining() *bootstrap.Recorded {
	r := t.recorded()
	if r == nil {
		return nil
	}
	left := *r
	left.Made = slices.DeleteFunc(slices.Clone(r.Made), func(m bootstrap.Made) bool {
		return m.Account == t.Settings.Account && slices.ContainsFunc(t.all, func(e *ending) bool {
			return e.takes != nil && e.settled() && e.takes(m)
		})
	})
	if len(left.Made) == 0 {
		return nil
	}
	return &left
}

// allSettled reports whether everything that should be deleted is, or will be.
func (t *teardown) allSettled() bool {
	return !slices.ContainsFunc(t.all, func(e *ending) bool { return !e.idle && !e.settled() })
}

// closes reports whether the run ends with nothing of ours left in the namespace.
func (t *teardown) closes() bool {
	if t.recorded() != nil {
		return t.allSettled() && t.remaining() == nil
	}
	return t.allSettled() && (len(t.options.Only) == 0 || !t.Target.Record.Exists())
}

// planClosing says what becomes of record, Lease and namespace.
func (t *teardown) planClosing(ctx context.Context) ([]plan.Change, error) {
	if !t.hasLock() {
		return nil, nil
	}
	var out []plan.Change
	if t.Target.Record.Exists() {
		out = append(out, t.recordChange())
	}
	if !t.closes() {
		return out, nil
	}
	lock, err := t.Target.Kube.LockState(ctx, t.Target.Settings.Namespace, kube.RecordName)
	if err != nil {
		return nil, err
	}
	if lock != nil && lock.Ours {
		out = append(out, t.closingChange(plan.In(plan.Lease, t.Target.Settings.Namespace, kube.RecordName), plan.Delete, "the lock of runs in this namespace"))
	}
	ns, err := t.namespaceChange(ctx)
	return append(out, ns...), err
}

func (t *teardown) closingChange(resource plan.Resource, action plan.Action, reason string) plan.Change {
	return plan.Change{Step: bootstrap.RecordStep, Resource: resource, Action: action, Reason: reason}
}

func (t *teardown) recordChange() plan.Change {
	resource := plan.In(plan.ConfigMap, t.Target.Settings.Namespace, kube.RecordName)
	left := t.remaining()
	switch before := t.recorded(); {
	case t.closes():
		return t.closingChange(resource, plan.Delete, "all that it names is deleted")
	case left != nil && before != nil && bootstrap.Normal(*left) != bootstrap.Normal(*before):
		return t.closingChange(resource, plan.Update, "what is gone is taken out; the rest is found by it next time")
	default:
		return t.closingChange(resource, plan.None, "kept: it names what is kept")
	}
}

// closeRecord writes down what is kept, or deletes the record. It outlives an interrupt no longer than the run: until
// then the record names more than there is, which harms nobody.
func (t *teardown) closeRecord(ctx context.Context) ([]plan.Change, error) {
	if !t.hasLock() || !t.Target.Record.Exists() {
		return nil, nil
	}
	change := t.recordChange()
	if change.Action == plan.None {
		return nil, nil
	}
	if err := bootstrap.NotBegun(ctx); err != nil {
		return nil, fmt.Errorf("%s %s: %w", change.Action, change.Resource, err)
	}
	err := t.mayCloseRecord()
	if err != nil {
		return nil, err
	}
	switch change.Action {
	case plan.Delete:
		err = t.Target.Record.Delete(ctx)
	case plan.Update:
		err = t.saveRecord(ctx)
	case plan.None, plan.Create, plan.Adopt, plan.Blocked:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.closed = change.Action == plan.Delete
	t.Env.Sink.Emit(event.Event{Time: t.Env.Now(), Type: event.Changed, Step: bootstrap.RecordStep, Change: &change})
	return []plan.Change{change}, nil
}

func (t *teardown) saveRecord(ctx context.Context) error {
	text, err := json.MarshalIndent(t.remaining(), "", "  ")
	if err != nil {
		return fmt.Errorf("marshal record: %w", err)
	}
	return t.Target.Record.SaveSettings(ctx, text)
}
