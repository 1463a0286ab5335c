package iamsetup

import (
	"context"
	"errors"
	"fmt"
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

	have Tags          // the resource's, as last read; nil: there is none
	todo []plan.Change // what the last look came to: of the resource, and then of what belongs to it
}

// resource is what is particular to one of them.
type resource struct {
	what   string                          // such as "IAM user es"
	look   func(ctx context.Context) error // reads all that judge goes by
	judge  func() ([]plan.Change, error)   // compares what was read with what is wanted
	create func(ctx context.Context) error // sends the one call
	update work                            // writes what differs
	cure   func(err error) string          // what helps against a refused create; nil: nothing particular
	forget func()                          // has the next look read anew; nil: each does
}

// work is a part of a step.
type work func(context.Context, report) error

// observe says what apply would do.
func (u *Up) observe(ctx context.Context, r resource) ([]plan.Change, error) {
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	var err error
	u.todo, err = r.judge()
	return u.todo, err
}

// apply does what the last look said: first about the resource, and then the rest of its changes one by one.
func (u *Up) apply(ctx context.Context, sink event.Sink, r resource, rest ...work) error {
	planned := u.todo
	say := report{sink: sink, step: planned[0].Step}
	own := func(ctx context.Context, say report) error {
		if u.have == nil {
			return u.create(ctx, say, r)
		}
		return r.update(ctx, say)
	}
	for i, do := range append([]work{own}, rest...) {
		if a := u.todo[i].Action; a == plan.None || a == plan.Blocked {
			continue
		}
		if err := do(ctx, say); err != nil {
			return err
		}
		if u.todo[i].Action != plan.None {
			say.changed(planned[i])
		}
	}
	return nil
}

// create finishes what it begins although the run is interrupted.
func (u *Up) create(ctx context.Context, say report, r resource) error {
	call, cancel := u.Pace.begun(ctx)
	defer cancel()
	err := wrap("create "+r.what, r.create(call))
	switch {
	case err == nil:
		return nil
	case isTaken(err), isUnclear(err):
		return u.claim(ctx, say, r, err)
	case r.cure != nil:
		return hint.With(err, r.cure(err))
	default:
		return err
	}
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else was quicker. What that
// one made is judged as a later run would: it is used as it is, shared, or in the way.
func (u *Up) claim(ctx context.Context, say report, r resource, cause error) error {
	err := u.Pace.poll(ctx, u.Pace.Settle, func(ctx context.Context) (bool, error) {
		if r.forget != nil {
			r.forget()
		}
		err := r.look(ctx)
		if err == nil && u.have == nil {
			say.waiting(r.what + " to show up after an unclear answer")
		}
		return u.have != nil, err
	})
	switch {
	case errors.Is(err, errTooLong) && r.cure != nil:
		return hint.With(cause, r.cure(cause))
	case errors.Is(err, errTooLong):
		return cause
	case err != nil:
		return err
	}
	now, err := r.judge()
	if err != nil {
		return err
	}
	meanwhile := "create " + r.what + ": somebody else made it meanwhile"
	for _, c := range plan.BlockedIn(now) {
		c.Reason = meanwhile + ": " + c.Reason
		return hint.Blocked(c)
	}
	if !u.have.ours() {
		if plan.Pending(now) {
			return fmt.Errorf("%s, and not with gen3-bootstrap", meanwhile)
		}
		u.todo = now
		return nil
	}
	u.todo = append(u.todo[:1:1], now[1:]...) // it was created, perhaps by this very run
	return r.update(ctx, say)
}

// write repeats a write until IAM sees what it is about.
func (u *Up) write(ctx context.Context, say report, what string, call func(context.Context) error) error {
	return u.Pace.persist(ctx, say.waiting, what, func(ctx context.Context) error { return wrap(what, call(ctx)) })
}

// tag is write for the tags that are missing, if any.
func (u *Up) tag(ctx context.Context, say report, what string, missing Tags, call func(context.Context, []types.Tag) error) error {
	if len(missing) == 0 {
		return nil
	}
	return u.write(ctx, say, "tag "+what, func(ctx context.Context) error { return call(ctx, missing.list()) })
}

// quotaOf is a quota of the account, at least the usual one; not known where it may not be asked.
func (u *Up) quotaOf(ctx context.Context, key types.SummaryKeyType, usual int) (quota int, known bool, err error) {
	out, err := u.API.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if isDenied(err) {
		return usual, false, nil
	}
	if err != nil {
		return usual, false, fmt.Errorf("get quota %s of the account: %w", key, err)
	}
	return max(usual, int(out.SummaryMap[string(key)])), true, nil
}

// marks are the tags that the resource is to carry.
func (u *Up) marks() Tags { return markTags(u.Owner, u.Tags) }

// differing is in what a resource that is ours, or is to be, differs from what is wanted.
type differing struct {
	what    string   // such as "user arn:…"
	why     []string // in words, but for the tags
	missing Tags
	reserve Tags   // that there must be room for, too
	another string // how this owner gets one of its own; empty: there is only one
	full    string // what helps where there is no room for a tag
}

// own judges a resource that carries our mark, or is to.
func (u *Up) own(c plan.Change, d differing) plan.Change {
	reason, keep := u.have.disputed(u.Owner, d.missing, d.what)
	if reason != "" {
		cure := "give " + keep + " or leave that tag out"
		if d.another != "" {
			cure += ", or " + d.another
		}
		return blocked(c, reason, cure)
	}
	if err := u.have.room(d.missing, d.reserve); err != nil {
		return blocked(c, fmt.Sprintf("tag IAM %s: %s", d.what, err), d.full)
	}
	why := slices.Concat(d.why, u.have.lacking(d.missing))
	switch {
	case !u.have.ours():
		c.Action, why = plan.Adopt, append([]string{"not created by gen3-bootstrap"}, why...)
	case len(why) > 0:
		c.Action = plan.Update
	default:
		c.Action, why = plan.None, []string{"up to date"}
	}
	c.Reason = strings.Join(why, "; ")
	return c
}

// judgeForeign judges a resource without our mark that is not to be taken over: it is used where nothing differs.
func judgeForeign(c plan.Change, what string, why []string, cure string) plan.Change {
	if len(why) > 0 {
		return blocked(c, what+" was not created by gen3-bootstrap and "+strings.Join(why, " and "), cure)
	}
	c.Action, c.Reason = plan.None, "up to date; not created by gen3-bootstrap, so teardown keeps it"
	return c
}

// blocked says what is in the way, and line by line what helps.
func blocked(c plan.Change, reason string, cures ...string) plan.Change {
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
	return Ownership{Exists: u.have != nil, Ours: u.have.ours(), Owners: u.have.owners()}
}
