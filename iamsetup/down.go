package iamsetup

import (
	"context"
	"errors"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// down is what was found of a resource that is to be taken away, and what is to be done about it.
type down struct {
	tags     Tags // nil: there is none
	todo     plan.Change
	failed   bool // the last look or Destroy did not come to its end
	nobodys  bool // its last owners left it at the same time
	warnings []string
}

// leaver is what is particular to one of them.
type leaver struct {
	step     string
	what     string                                                  // such as "IAM user es"
	resource func() string                                           // as a plan shows it
	read     func(context.Context) (Tags, error)                     // nil: there is none
	judge    func(ctx context.Context, f fate, c *plan.Change) error // what keeps it, of one that is there; nil: nothing does
	forget   func(context.Context) error                             // has the next look read anew; nil: each does
	inWay    func() string                                           // what others who are just leaving may still have there; nil: nothing
	letOut   work                                                    // takes this owner out, before its tags go; nil: there is nothing
	untag    func(ctx context.Context, keys []string) error
	remove   work
}

// Judged is what the last look came to: Destroy's, once that was called.
func (d *down) Judged() []plan.Change { return []plan.Change{d.todo} }

// Warnings say what else uses a resource that is kept, and what about it could not be looked at.
func (d *down) Warnings() []string { return d.warnings }

func (d *down) fate(r Removal) fate {
	switch {
	case d.tags == nil:
		return fateAbsent
	case d.nobodys && abandoned(d.tags):
		return fateLast
	default:
		return r.fateOf(d.tags)
	}
}

// plan says what destroy would do. It only reads.
func (d *down) plan(ctx context.Context, r Removal, l leaver) ([]plan.Change, error) {
	d.failed, d.warnings = true, nil
	err := r.sure(ctx, l.what, func(ctx context.Context) (found bool, err error) {
		d.tags, err = l.read(ctx)
		return d.tags != nil, err
	})
	if err != nil {
		return nil, err
	}
	f := d.fate(r)
	d.todo = plan.Change{Step: l.step, Resource: l.resource()}
	d.todo.Action, d.todo.Reason = r.describe(f, d.tags)
	if f != fateAbsent && l.judge != nil {
		if err := l.judge(ctx, f, &d.todo); err != nil {
			return nil, err
		}
	}
	d.failed = false
	return d.Judged(), nil
}

// destroy looks again, since others may have taken the resource or left it meanwhile, and does what there is to do.
func (d *down) destroy(ctx context.Context, sink event.Sink, r Removal, l leaver) (err error) {
	defer func() { d.failed = err != nil }()
	say := report{sink: sink, step: l.step, wrote: new(bool)}
	if err := d.lookAgain(ctx, say, r, l); err != nil {
		return err
	}
	made := d.todo
	switch made.Action {
	case plan.Delete:
		err = l.remove(ctx, say)
	case plan.Update:
		err = d.leave(ctx, say, r, l)
	case plan.Blocked:
		return hint.Blocked(d.todo)
	case plan.None, plan.Create, plan.Adopt:
		return nil
	}
	switch {
	case err != nil && !*say.wrote:
		return err
	case err != nil: // a run that fails half-way has not written nothing
		made.Action, made.Reason = plan.Update, "done in part: the errors say what failed"
	case d.todo.Action == plan.Delete:
		made = d.todo
	}
	say.changed(made)
	return err
}

// lookAgain waits as well for what others who are just leaving have already taken away, and IAM still shows.
func (d *down) lookAgain(ctx context.Context, say report, r Removal, l leaver) error {
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		if l.forget != nil {
			if err := l.forget(ctx); err != nil {
				return false, err
			}
		}
		if _, err := d.plan(ctx, r, l); err != nil || l.inWay == nil || l.inWay() == "" {
			return true, err
		}
		say.waiting(l.inWay())
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return nil // it is in the way, and said
	}
	return err
}

// leave takes this owner's part away. Two owners may do so at the same time, each for the sake of the other: then nobody has
// the resource any more, and it is judged anew.
func (d *down) leave(ctx context.Context, say report, r Removal, l leaver) error {
	shared := d.fate(r) == fateShared
	if l.letOut != nil {
		if err := l.letOut(ctx, say); err != nil {
			return err
		}
	}
	keys := r.ownerTags(d.tags)
	if len(keys) == 0 {
		return nil
	}
	err := r.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off "+l.what, func(ctx context.Context) error { return l.untag(ctx, keys) })
	if err != nil || !shared {
		return err
	}
	if d.nobodys, err = r.abandons(ctx, say, l); err != nil || !d.nobodys {
		return err
	}
	if err := d.lookAgain(ctx, say, r, l); err != nil {
		return err
	}
	if d.todo.Action == plan.Blocked { // nobody else is left who would remove it
		return hint.Blocked(d.todo)
	}
	if d.todo.Action == plan.Delete {
		return l.remove(ctx, say)
	}
	return nil
}

// hold says how a user or role of the same teardown stands to a policy that is attached to it.
type hold int

const (
	holdOutside hold = iota // it is not ours, and needs the policy
	holdStuck               // it should go and does not, so the policy cannot
	holdKept                // it stays for others, without the policy
	holdFree                // it goes
)

// Bearer is a user or role of the same teardown, to which a policy may be attached.
type Bearer interface {
	// bearer is as ListEntitiesForPolicy names it: "user/name" or "role/name".
	bearer() (name string, h hold)
}

// hold is what it comes to where nobody else uses the resource.
func (d *down) hold(r Removal) hold {
	switch f := d.fate(r); {
	case d.failed:
		return holdStuck
	case f == fateAbsent:
		return holdFree
	case f == fateForeign:
		return holdOutside
	case f != fateLast:
		return holdKept
	case r.Idle, d.todo.Action != plan.Delete:
		return holdStuck
	default:
		return holdFree
	}
}
