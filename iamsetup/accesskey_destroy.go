package iamsetup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// KeyRemoval takes away the keys of one user that were made for this owner. Their Secrets go afterwards, by whoever keeps
// those, since a Secret may be what tells that a key is ours.
type KeyRemoval struct {
	Removal

	Key *AccessKey // as for up; its Store and Journal are nil where there is no cluster to ask

	view    keyView
	todo    keyEnds
	deleted []string
	looked  bool // PlanDestroy came to its end
	ended   bool // Destroy did, well or not
}

// Name is the step's name.
func (r *KeyRemoval) Name() string { return KeyStep }

// PlanDestroy says what Destroy would do. It only reads.
func (r *KeyRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	r.looked, r.ended, r.deleted = false, false, nil
	if err := r.look(ctx, false); err != nil {
		return nil, err
	}
	r.looked = true
	return r.changes(), nil
}

func (r *KeyRemoval) look(ctx context.Context, settled bool) error {
	var view keyView
	if r.Key.Journal != nil {
		view.mints = r.Key.Journal.Mints()
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		view.user, err = r.user(gctx)
		return err
	})
	group.Go(func() (err error) {
		view.keys, err = r.Key.list(gctx)
		return err
	})
	group.Go(func() (err error) {
		view.held, err = r.held(gctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return err //nolint:wrapcheck // each says what it was doing
	}
	view.now = r.Key.AWS.Clock.Now()
	r.judge(view, settled)
	if len(r.todo.stay) > 0 || len(r.todo.blocks) > 0 || len(r.todo.unsure) > 0 {
		if err := r.Key.readUse(ctx, view.keys); err != nil {
			return err
		}
		r.judge(view, settled)
	}
	return nil
}

func (r *KeyRemoval) user(ctx context.Context) (seen *UserSeen, err error) {
	lookup := r.Key.Lookup
	err = r.sure(ctx, "IAM user "+lookup.UserName, func(ctx context.Context) (bool, error) {
		if seen, err = lookup.Get(ctx); seen == nil {
			lookup.Forget() // also an error, which may be that of this look's own limit
		}
		return seen != nil, err
	})
	return seen, err
}

func (r *KeyRemoval) held(ctx context.Context) ([]credential.Held, error) {
	if r.Key.Store == nil {
		return nil, nil
	}
	return r.Key.Store.Observe(ctx) //nolint:wrapcheck // it names the Secret
}

func (r *KeyRemoval) judge(view keyView, settled bool) {
	r.view = view
	r.todo = endKeys(view, keyRules{
		owner: r.Owner, userName: r.Key.Lookup.UserName, settle: r.Pace.Settle, settled: settled,
	}, view.now.Add(r.Believe.Sub(r.Now())))
}

// changes renders the decision in a fixed order: what goes, what stays, what must be waited for, what is in the way.
func (r *KeyRemoval) changes() []plan.Change {
	var out []plan.Change
	add := func(action plan.Action, resource, reason string) {
		out = append(out, plan.Change{Step: KeyStep, Resource: resource, Action: action, Reason: reason})
	}
	for _, x := range r.todo.doomed {
		add(plan.Delete, "access-key/"+x.id, x.reason)
	}
	for _, x := range r.todo.stay {
		add(plan.None, "access-key/"+x.id, x.reason)
	}
	if entry := r.todo.entry(); entry != "" {
		add(plan.Update, "key-entry/"+r.Key.Lookup.UserName, entry)
	}
	return append(out, r.todo.blocks...)
}

// Destroy does what the last PlanDestroy said, and waits first for what that left in doubt.
func (r *KeyRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	defer func() { r.ended = true }()
	say := report{sink: sink, step: KeyStep}
	entry := r.todo.entry()
	if err := r.settle(ctx, say); err != nil {
		return err
	}
	var errs []error
	for _, x := range r.todo.doomed {
		if err := r.delete(ctx, say, x); err != nil {
			errs = append(errs, err)
		}
	}
	if err := r.untag(ctx, say, r.todo.untag...); err != nil {
		errs = append(errs, err)
	} else if entry != "" {
		say.changed(plan.Change{Step: KeyStep, Resource: "key-entry/" + r.Key.Lookup.UserName, Action: plan.Update, Reason: entry})
	}
	for _, blocked := range r.todo.blocks {
		errs = append(errs, hint.With(errors.New(blocked.Reason), blocked.Hint))
	}
	return errors.Join(errs...)
}

// settle looks again until nothing is in doubt or the usual lag has passed.
func (r *KeyRemoval) settle(ctx context.Context, say report) error {
	if r.todo.settle == "" {
		return nil
	}
	limit := r.Pace.Mint + r.Pace.Settle
	err := r.Pace.poll(ctx, limit, func(ctx context.Context) (bool, error) {
		say.waiting(r.todo.settle)
		r.Key.Lookup.Forget()
		err := r.look(ctx, false)
		return r.todo.settle == "", err
	})
	if errors.Is(err, errTooLong) {
		r.Key.Lookup.Forget()
		return r.look(ctx, true)
	}
	return err
}

func (r *KeyRemoval) delete(ctx context.Context, say report, x doomed) error {
	name := r.Key.Lookup.UserName
	err := r.gone(ctx, say, "delete access key "+x.id+" of IAM user "+name, func(ctx context.Context) error {
		_, err := r.Key.API.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: &x.id})
		return err //nolint:wrapcheck // gone wraps
	})
	if err != nil {
		return hint.With(err, "run teardown again, or: "+describeKey(name, x.id, "").command)
	}
	r.deleted = append(r.deleted, x.id)
	say.changed(plan.Change{Step: KeyStep, Resource: "access-key/" + x.id, Action: plan.Delete, Reason: x.reason})
	if r.view.tagged(x.id) == "" {
		return nil
	}
	return r.untag(ctx, say, tagKey+x.id)
}

func (r *KeyRemoval) untag(ctx context.Context, say report, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	name := r.Key.Lookup.UserName
	return r.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM user "+name, func(ctx context.Context) error {
		_, err := r.Key.API.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
		return err //nolint:wrapcheck // gone wraps
	})
}

// goes reports whether a key of ours goes, or went.
func (r *KeyRemoval) goes(id string) bool {
	return !r.Idle && r.looked && slices.ContainsFunc(r.todo.doomed, func(x doomed) bool { return x.id == id })
}

// Stays reports whether a key that should go is still there, so that the Secret which holds it must not go either.
func (r *KeyRemoval) Stays(id string) bool { return slices.Contains(r.staying(), id) }

// staying are keys of ours that are still there after Destroy, or will be since nothing of the keys is to go.
func (r *KeyRemoval) staying() []string {
	var out []string
	for _, x := range r.todo.doomed {
		if r.Idle || r.ended && !slices.Contains(r.deleted, x.id) {
			out = append(out, x.id)
		}
	}
	return out
}

// obstacles are the keys that keep the user from going.
func (r *KeyRemoval) obstacles() []obstacle {
	var out []obstacle
	for _, k := range r.view.keys {
		if r.goes(k.ID) {
			continue
		}
		d := decision{v: r.view}
		out = append(out, describeKey(r.Key.Lookup.UserName, k.ID, d.describe(k.ID)))
	}
	if !r.looked {
		out = append(out, obstacle{kind: accessKey, note: "they could not be looked at", command: "aws iam list-access-keys --user-name " + r.Key.Lookup.UserName})
	}
	return out
}
