package teardown

import (
	"errors"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// warner is an ending that has something to say beside its changes.
type warner interface{ Warnings() []string }

// tell fills the result: what is planned, or what was made of it once the run is done.
func (t *teardown) tell(done bool, made []plan.Change) {
	lines := t.blast.changes(t.options.Force, t.naming())
	left := slices.Clone(made)
	take := func(planned plan.Change) (plan.Change, bool) {
		i := slices.IndexFunc(left, func(c plan.Change) bool { return c.Step == planned.Step && c.Resource == planned.Resource })
		if i < 0 {
			return plan.Change{}, false
		}
		c := left[i]
		left = slices.Delete(left, i, i+1)
		return c, true
	}
	for _, e := range t.all {
		if e.idle {
			continue
		}
		for _, c := range e.planned {
			if result, ok := take(c); ok {
				result.Outcome = plan.Done
				lines = append(lines, result)
			} else if !done || c.Action == plan.None || c.Action == plan.Blocked {
				lines = append(lines, c)
			} else if e.err != nil {
				c.Outcome, c.Reason = plan.Failed, "the errors say why"
				lines = append(lines, c)
			}
		}
	}
	for _, c := range left {
		c.Outcome = plan.Done
		lines = append(lines, c)
	}
	lines = bootstrap.InOrder(lines, t.all.steps())
	for _, c := range t.closing {
		ended := slices.ContainsFunc(lines, func(l plan.Change) bool { return l.Resource == c.Resource })
		if !done || c.Action == plan.None && !ended {
			lines = append(lines, c)
		}
	}
	t.Result.Changes = append([]plan.Change{}, lines...)
	t.Result.Changed = len(made) > 0
	t.collectTeardownWarnings()
}

func (t *teardown) collectTeardownWarnings() {
	out := append([]bootstrap.Warning{}, t.Target.Warnings...)
	out = append(append(out, bootstrap.Warned("record-note", t.extra...)...), bootstrap.Warned("blast-radius-note", t.blast.warnings...)...)
	if t.options.DeleteCRDs && !t.touchesCRDs() {
		out = append(out, bootstrap.Warning{Code: "no-crds", Message: "--delete-crds finds nothing to delete: the cluster has no CRDs of External Secrets, or they are not those of a release of ours"})
	}
	for _, e := range t.all {
		if w, ok := e.remover.(warner); ok && !e.idle {
			out = append(out, bootstrap.Warned(e.Name()+"-note", w.Warnings()...)...)
		}
	}
	t.Result.Warnings = out
}

func (t *teardown) touchesCRDs() bool {
	return slices.ContainsFunc(t.all, func(e *ending) bool {
		return slices.ContainsFunc(e.planned, func(c plan.Change) bool {
			return c.Action != plan.None && (c.Resource.Kind == plan.CRD || c.Resource.Kind == plan.CRDs)
		})
	})
}

// problems enters everything that failed or is in the way, once each, and reports whether there was any.
func (t *teardown) problems() error {
	var seen []string
	enter := func(step string, err error) {
		if !slices.Contains(seen, err.Error()) {
			seen = append(seen, err.Error())
			_ = t.Fail(step, err)
		}
	}
	for _, e := range t.all {
		if e.idle {
			continue
		}
		for _, err := range bootstrap.EachOf(e.err) {
			enter(e.Name(), err)
		}
		for _, c := range plan.BlockedIn(e.planned) {
			enter(e.Name(), hint.Blocked(c))
		}
	}
	for _, account := range t.otherAccounts() {
		enter(bootstrap.RecordStep, hint.With(errors.New("an earlier up for this namespace made things in account "+account+", which these credentials do not reach"),
			"with credentials of that account: "+t.Target.Settings.Invocation().Command("teardown", "--account", account), t.recordMayGo()))
	}
	if len(seen) > 0 {
		return bootstrap.ErrFailed
	}
	return nil
}

// otherAccounts are those in which ups for this namespace made things that are still recorded.
func (t *teardown) otherAccounts() []string {
	var out []string
	if r := t.recorded(); r != nil {
		for _, m := range r.Made {
			out = words.AddOnce(out, m.Account)
		}
	}
	return words.Without(out, []string{t.Settings.Account})
}
