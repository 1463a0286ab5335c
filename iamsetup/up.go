package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Up is what making a resource goes by, the same for each kind, and what was found of it.
type Up struct {
	API     *iam.Client
	Account Account
	Owner   Owner
	Pace    Pace
	Tags    map[string]string // the operator's own
	Adopt   bool
	// Invocation is for the commands that hints advise.
	Invocation hint.Invocation

	have Tags          // the resource's, as last read; nil: there is none
	todo []plan.Change // what the last look came to: of the resource, and then of what belongs to it
}

// Saw notes the tags of the resource that was read or created; nil: there is none.
func (u *Up) Saw(tags Tags) { u.have = tags }

// Planned is what the last look came to: of the resource, and then of what belongs to it.
func (u *Up) Planned() []plan.Change { return u.todo }

// Have are the tags of the resource; nil: there is none.
func (u *Up) Have() Tags { return u.have }

// Resource is what is particular to one of them.
type Resource struct {
	What   string                          // such as "IAM user es"
	Look   func(ctx context.Context) error // reads all that Judge goes by, and says by Saw what it saw
	Judge  func() ([]plan.Change, error)   // compares what was read with what is wanted
	Create func(ctx context.Context) error // sends the one call
	Update Work                            // writes what differs
	Cure   func(err error) string          // what helps against a refused create; nil: nothing particular
	Forget func()                          // has the next look read anew; nil: each does
	// Content is what the resource is, as last read, and what it is to be: Before and After of each field, equal where nothing differs. Tags
	// come on top. nil: nothing but tags.
	Content func() []plan.Field
}

// Work is a part of a step.
type Work func(context.Context, Report) error

// Plan says what Make would do.
func (u *Up) Plan(ctx context.Context, r Resource) ([]plan.Change, error) {
	if err := r.Look(ctx); err != nil {
		return nil, err
	}
	var err error
	if u.todo, err = r.Judge(); err != nil || len(u.todo) == 0 {
		return u.todo, err
	}
	u.todo[0].Fields = u.fields(u.todo[0].Action, r)
	return u.todo, nil
}

// fields are what a plan shows of the resource: all of it where it is made or stays, and what differs where that is to change.
func (u *Up) fields(a plan.Action, r Resource) []plan.Field {
	var all, out []plan.Field
	if r.Content != nil {
		all = r.Content()
	}
	wanted := u.Marks()
	have := Tags{}
	for key := range wanted {
		if value, ok := u.have[key]; ok {
			have[key] = value
		}
	}
	after := maps.Clone(have)
	maps.Copy(after, u.have.Missing(wanted))
	all = append(all, plan.Field{Name: "tags", Before: plainMap(have), After: plainMap(after)})
	for _, f := range all {
		switch {
		case a == plan.Create || a == plan.None:
			f.Before, f.Mark = nil, ""
		case a == plan.Blocked || reflect.DeepEqual(f.Before, f.After):
			continue
		}
		if f.After != nil || f.Before != nil {
			out = append(out, f)
		}
	}
	return out
}

// plainMap is nil where there are no tags.
func plainMap(t Tags) any {
	if len(t) == 0 {
		return nil
	}
	return map[string]string(t)
}

// Refuse ends a look that comes to nothing before anything is read.
func (u *Up) Refuse(c plan.Change, reason string, cures ...string) []plan.Change {
	u.have, u.todo = nil, []plan.Change{Blocked(c, reason, cures...)}
	return u.todo
}

// Make does what the last look said: first about the resource, and then the rest of its changes one by one.
func (u *Up) Make(ctx context.Context, sink event.Sink, r Resource, rest ...Work) error {
	planned := u.todo
	say := Report{Sink: sink, Step: planned[0].Step}
	own := func(ctx context.Context, say Report) error {
		if u.have == nil {
			return u.create(ctx, say, r)
		}
		return r.Update(ctx, say)
	}
	for i, do := range append([]Work{own}, rest...) {
		if a := u.todo[i].Action; a == plan.None || a == plan.Blocked {
			continue
		}
		if err := do(ctx, say); err != nil {
			return err
		}
		if u.todo[i].Action != plan.None {
			say.Changed(planned[i])
		}
	}
	return nil
}

// create finishes what it begins although the run is interrupted.
func (u *Up) create(ctx context.Context, say Report, r Resource) error {
	call, cancel := u.Pace.Begun(ctx)
	defer cancel()
	err := Wrap("create "+r.What, r.Create(call))
	switch {
	case err == nil:
		return nil
	case IsTaken(err), IsUnclear(err):
		return u.claim(ctx, say, r, err)
	case r.Cure != nil:
		return hint.With(err, r.Cure(err))
	default:
		return err
	}
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else was quicker. What that
// one made is judged as a later run would: it is used as it is, shared, or in the way.
func (u *Up) claim(ctx context.Context, say Report, r Resource, cause error) error {
	err := u.Pace.Until(ctx, u.Pace.Settle, func(ctx context.Context) (bool, error) {
		if r.Forget != nil {
			r.Forget()
		}
		err := r.Look(ctx)
		if err == nil && u.have == nil {
			say.Waiting(r.What + " to show up after an unclear answer")
		}
		return u.have != nil, err
	})
	switch {
	case errors.Is(err, ErrTooLong) && r.Cure != nil:
		return hint.With(cause, r.Cure(cause))
	case errors.Is(err, ErrTooLong):
		return cause
	case err != nil:
		return err
	}
	now, err := r.Judge()
	if err != nil {
		return err
	}
	meanwhile := "create " + r.What + ": somebody else made it meanwhile"
	for _, c := range plan.BlockedIn(now) {
		c.Reason = meanwhile + ": " + c.Reason
		return hint.Blocked(c)
	}
	if !u.have.Ours() {
		if plan.Pending(now) {
			return fmt.Errorf("%s, and not with gen3-bootstrap", meanwhile)
		}
		u.todo = now
		return nil
	}
	u.todo = append(u.todo[:1:1], now[1:]...) // it was created, perhaps by this very run
	return r.Update(ctx, say)
}

// Write repeats a write until IAM sees what it is about.
func (u *Up) Write(ctx context.Context, say Report, what string, call func(context.Context) error) error {
	return u.Pace.Persist(ctx, say.Waiting, what, func(ctx context.Context) error { return Wrap(what, call(ctx)) })
}

// Tag is Write for the tags that are missing, if any.
func (u *Up) Tag(ctx context.Context, say Report, what string, missing Tags, call func(context.Context, []types.Tag) error) error {
	if len(missing) == 0 {
		return nil
	}
	return u.Write(ctx, say, "tag "+what, func(ctx context.Context) error { return call(ctx, missing.List()) })
}

// Quota is a quota of the account, at least the usual one; not known where it may not be asked.
func (u *Up) Quota(ctx context.Context, key types.SummaryKeyType, usual int) (quota int, known bool, err error) {
	out, err := u.API.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if IsDenied(err) {
		return usual, false, nil
	}
	if err != nil {
		return usual, false, fmt.Errorf("get quota %s of the account: %w", key, err)
	}
	return max(usual, int(out.SummaryMap[string(key)])), true, nil
}

// Marks are the tags that the resource is to carry.
func (u *Up) Marks() Tags { return u.Owner.Marks(u.Tags) }

// Difference is in what a resource that is ours, or is to be, differs from what is wanted.
type Difference struct {
	What    string   // such as "user arn:…"
	Why     []string // in words, but for the tags
	Missing Tags
	Reserve Tags   // that there must be room for, too
	Another string // how this owner gets one of its own; empty: there is only one
	Full    string // what helps where there is no room for a tag
}

// Own judges a resource that carries our mark, or is to. Where nobody could tell the cluster's id, and so the owner, the
// owner's tag is not judged, and all else is.
func (u *Up) Own(c plan.Change, d Difference) plan.Change {
	asFar := ""
	if u.Owner.Cluster == "" {
		d.Missing = maps.Clone(d.Missing)
		delete(d.Missing, TagOwner+u.Owner.String())
		asFar = ", as far as can be told without the cluster's id"
	}
	reason, keep := u.have.disputed(u.Owner, d.Missing, d.What)
	if reason != "" {
		cure := "give " + keep + " or leave that tag out"
		if d.Another != "" {
			cure += ", or " + d.Another
		}
		return Blocked(c, reason, cure)
	}
	if err := u.have.Room(d.Missing, d.Reserve); err != nil {
		return Blocked(c, fmt.Sprintf("tag IAM %s: %s", d.What, err), d.Full)
	}
	why := slices.Concat(d.Why, u.have.lacking(d.Missing))
	switch {
	case !u.have.Ours():
		c.Action, why = plan.Adopt, append([]string{"not created by gen3-bootstrap"}, why...)
	case len(why) > 0:
		c.Action = plan.Update
	default:
		c.Action, why = plan.None, []string{"up to date" + asFar}
	}
	c.Reason = strings.Join(why, "; ")
	return c
}

// Foreign judges a resource without our mark that is not to be taken over: it is used where nothing differs.
func Foreign(c plan.Change, what string, why []string, cure string) plan.Change {
	if len(why) > 0 {
		return Blocked(c, what+" was not created by gen3-bootstrap and "+strings.Join(why, " and "), cure)
	}
	c.Action, c.Reason = plan.None, "up to date; not created by gen3-bootstrap, so teardown keeps it"
	return c
}

// Blocked says what is in the way, and line by line what helps.
func Blocked(c plan.Change, reason string, cures ...string) plan.Change {
	c.Action, c.Reason = plan.Blocked, reason
	if len(cures) > 0 {
		c.Hint, c.More = cures[0], cures[1:]
	}
	return c
}

// Ownership is whose a resource was when it was last observed.
type Ownership struct {
	Exists bool
	Ours   bool     // it carries our mark
	Owners []string // whom it was made for, each as "<cluster>/<namespace>"
}

// Ownership is as the last Observe saw it.
func (u *Up) Ownership() Ownership {
	return Ownership{Exists: u.have != nil, Ours: u.have.Ours(), Owners: u.have.Owners()}
}
