package iamsetup

import (
	"context"
	"errors"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Down is what was found of a resource that is to be taken away, and what is to be done about it.
type Down struct {
	tags     Tags // nil: there is none
	todo     plan.Change
	failed   bool // the last look or Destroy did not come to its end
	nobodys  bool // its last owners left it at the same time
	warnings []string
}

// Leaver is what is particular to one of them.
type Leaver struct {
	Step     string
	What     string                                                  // such as "IAM user es"
	Resource func() plan.Resource                                    // as a plan shows it
	Read     func(context.Context) (Tags, error)                     // nil: there is none
	Judge    func(ctx context.Context, f Fate, c *plan.Change) error // says what keeps one that is there; nil: nothing does
	Forget   func(context.Context) error                             // has the next look read anew; nil: each does
	InWay    func() string                                           // what others who are just leaving may still have there; nil: nothing
	LetOut   Work                                                    // takes this owner out, before its tags go; nil: there is nothing
	Untag    func(ctx context.Context, keys []string) error
	Remove   Work
}

// Judged is what the last look came to: Destroy's, once that was called.
func (d *Down) Judged() []plan.Change { return []plan.Change{d.todo} }

// Warnings say what else uses a resource that is kept, and what about it could not be looked at.
func (d *Down) Warnings() []string { return d.warnings }

// Warn adds what is not said yet.
func (d *Down) Warn(texts ...string) {
	d.warnings = append(d.warnings, words.Without(texts, d.warnings)...)
}

// Tags are those of the resource as last read; nil: there is none.
func (d *Down) Tags() Tags { return d.tags }

// Failed reports that the last look or TakeAway did not come to its end.
func (d *Down) Failed() bool { return d.failed }

// Fail is for what fails before TakeAway.
func (d *Down) Fail(err error) error {
	d.failed = true
	return err
}

// Fate is what the teardown means for it.
func (d *Down) Fate(r Removal) Fate {
	switch {
	case d.tags == nil:
		return FateAbsent
	case d.nobodys && abandoned(d.tags):
		return FateLast
	default:
		return r.fateOf(d.tags)
	}
}

// Plan says what TakeAway would do. It only reads.
func (d *Down) Plan(ctx context.Context, r Removal, l Leaver) ([]plan.Change, error) {
	d.failed, d.warnings = true, nil
	err := r.Sure(ctx, l.What, func(ctx context.Context) (found bool, err error) {
		d.tags, err = l.Read(ctx)
		return d.tags != nil, err
	})
	if err != nil {
		return nil, err
	}
	f := d.Fate(r)
	d.todo = plan.Change{Step: l.Step, Resource: l.Resource()}
	d.todo.Action, d.todo.Reason = r.describe(f, d.tags)
	if f != FateAbsent && l.Judge != nil {
		if err := l.Judge(ctx, f, &d.todo); err != nil {
			return nil, err
		}
	}
	d.failed = false
	return d.Judged(), nil
}

// TakeAway looks again, since others may have taken the resource or left it meanwhile, and does what there is to do.
func (d *Down) TakeAway(ctx context.Context, sink event.Sink, r Removal, l Leaver) (err error) {
	defer func() { d.failed = err != nil }()
	say := Report{Sink: sink, Step: l.Step, wrote: new(bool)}
	if err := d.lookAgain(ctx, say, r, l); err != nil {
		return err
	}
	made := d.todo
	switch made.Action {
	case plan.Delete:
		err = l.Remove(ctx, say)
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
	say.Changed(made)
	return err
}

// lookAgain waits as well for what others who are just leaving have already taken away, and IAM still shows.
func (d *Down) lookAgain(ctx context.Context, say Report, r Removal, l Leaver) error {
	err := r.Pace.Until(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		if l.Forget != nil {
			if err := l.Forget(ctx); err != nil {
				return false, err
			}
		}
		if _, err := d.Plan(ctx, r, l); err != nil || l.InWay == nil || l.InWay() == "" {
			return true, err
		}
		say.Waiting(l.InWay())
		return false, nil
	})
	if errors.Is(err, ErrTooLong) {
		return nil // it is in the way, and said
	}
	return err
}

// leave takes this owner's part away. Two owners may do so at the same time, each for the sake of the other: then nobody has
// the resource any more, and it is judged anew.
func (d *Down) leave(ctx context.Context, say Report, r Removal, l Leaver) error {
	shared := d.Fate(r) == FateShared
	if l.LetOut != nil {
		if err := l.LetOut(ctx, say); err != nil {
			return err
		}
	}
	keys := r.OwnerTags(d.tags)
	if len(keys) == 0 {
		return nil
	}
	err := r.Gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off "+l.What, func(ctx context.Context) error { return l.Untag(ctx, keys) })
	if err != nil || !shared {
		return err
	}
	if d.nobodys, err = r.abandons(ctx, say, l); err != nil || !d.nobodys {
		return err
	}
	if err := d.lookAgain(ctx, say, r, l); err != nil {
		return err
	}
	if d.todo.Action == plan.Blocked { // nobody else would remove it
		return hint.Blocked(d.todo)
	}
	if d.todo.Action == plan.Delete {
		return l.Remove(ctx, say)
	}
	return nil
}

// Hold says how a user or role of the same teardown stands to a policy that is attached to it.
type Hold int

// The ways, from that which needs the policy to that which does not.
const (
	HoldOutside Hold = iota // it is not ours, and needs the policy
	HoldStuck               // it should go and does not, so the policy cannot
	HoldKept                // it is kept for others, without the policy
	HoldFree                // it goes
)

// Hold is what it comes to where nobody else uses the resource.
func (d *Down) Hold(r Removal) Hold {
	switch f := d.Fate(r); {
	case d.failed:
		return HoldStuck
	case f == FateAbsent:
		return HoldFree
	case f == FateForeign:
		return HoldOutside
	case f != FateLast:
		return HoldKept
	case r.LookOnly, d.todo.Action != plan.Delete:
		return HoldStuck
	default:
		return HoldFree
	}
}
