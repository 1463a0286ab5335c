package teardown

import (
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// confirm asks the person at the terminal, who types where this happens.
func (t *teardown) confirm(ctx context.Context) error {
	if t.Settings.Yes {
		return nil
	}
	want := t.Settings.Account
	if t.Target.Kube != nil {
		want = t.Target.Kube.Context
	}
	if t.Env.Confirm == nil {
		return hint.With(errors.New("confirm teardown: there is no terminal to ask at"), "--yes goes on without asking; --dry-run says what would be deleted")
	}
	q := bootstrap.Question{Asks: t.options.describe(t.Target) + ":", Want: want}
	for _, c := range t.Result.Changes {
		q.Items = append(q.Items, bootstrap.QuestionItem{Name: string(c.Action), Text: c.Resource.String() + ": " + c.Reason})
	}
	yes, err := t.Env.Confirm(ctx, q)
	if err != nil {
		return fmt.Errorf("confirm teardown: %w", err)
	}
	if !yes {
		return errors.New("confirm teardown: something else was typed, so nothing was deleted")
	}
	t.agreed = t.deletions()
	return nil
}

// deletions name what the plan deletes, apart from locks; never nil.
func (t *teardown) deletions() []string {
	out := []string{}
	for _, e := range t.all {
		for _, c := range e.planned {
			if e.pending() && c.Action == plan.Delete && !t.isReleaseLock(c) {
				out = append(out, c.Resource.String())
			}
		}
	}
	return out
}

// stillAgreed refuses what has come to the plan since a person agreed to it: the look under the lock is another one.
func (t *teardown) stillAgreed() error {
	if t.agreed == nil {
		return nil
	}
	if more := words.Without(t.deletions(), t.agreed); len(more) > 0 {
		return hint.With(fmt.Errorf("confirm teardown: since it was asked, %s would be deleted too, so nothing was", words.Few(more)), "run teardown again, which shows it")
	}
	return nil
}
