package iamsetup

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// What the steps for policy, user, role and identity provider do in the same way.

// work is a part of a step.
type work func(context.Context, report) error

// makeEach does what was planned for the parts of one resource: create makes it, update brings it in line.
func makeEach(ctx context.Context, say report, todo []plan.Change, create, update work) error {
	for _, change := range todo {
		do := update
		switch change.Action {
		case plan.Create:
			do = create
		case plan.Update, plan.Adopt:
		case plan.None, plan.Delete, plan.Blocked:
			continue
		}
		if err := do(ctx, say); err != nil {
			return err
		}
		say.changed(change)
	}
	return nil
}

// makeInTurn does the work at i unless there is nothing to do for the change at i.
func makeInTurn(ctx context.Context, say report, todo []plan.Change, all ...work) error {
	for i, do := range all {
		if todo[i].Action == plan.None {
			continue
		}
		if err := do(ctx, say); err != nil {
			return err
		}
		say.changed(todo[i])
	}
	return nil
}

// unmake does what was planned for a resource's end: remove deletes it, leave takes this owner's part of it.
func unmake(ctx context.Context, say report, todo plan.Change, remove, leave work) error {
	do := remove
	switch todo.Action {
	case plan.Delete:
	case plan.Update:
		do = leave
	case plan.Blocked:
		return hint.Blocked(todo)
	case plan.None, plan.Create, plan.Adopt:
		return nil
	}
	say.wrote = new(bool)
	err := do(ctx, say)
	switch {
	case err == nil:
		say.changed(todo)
	case *say.wrote: // a run that fails half-way has not written nothing
		todo.Action, todo.Reason = plan.Update, "done in part: the errors say what failed"
		say.changed(todo)
	}
	return err
}

// appear looks until what a create of unclear outcome may have made shows up; errTooLong after the usual lag.
func (p Pace) appear(ctx context.Context, say report, what string, look func(context.Context) (found bool, err error)) error {
	return p.poll(ctx, p.Settle, func(ctx context.Context) (bool, error) {
		found, err := look(ctx)
		if err == nil && !found {
			say.waiting(what + " to show up after an unclear answer")
		}
		return found, err
	})
}
