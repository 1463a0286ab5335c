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
	if t.Env.Confirm == nil {
		return hint.With(errors.New("confirm teardown: there is no terminal to ask at"), "--yes goes on without asking; --dry-run says what would be deleted")
	}
	shown := t.Result
	yes, err := t.Env.Confirm(ctx, bootstrap.Question{Plan: &shown, Asks: t.options.describe(), Want: t.Target.Settings.Namespace})
	if err != nil {
		return fmt.Errorf("confirm teardown: %w", err)
	}
	if !yes {
		t.Result.Cancelled = true
		return hint.Coded(errors.New("teardown cancelled: nothing was deleted"), "cancelled")
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
