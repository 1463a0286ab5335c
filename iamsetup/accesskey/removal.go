package accesskey

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Removal takes away the keys of one user that were made for this owner, as the user's tags say. Their Secrets go
// afterwards, by whoever keeps those, so that no Secret disappears whose key could not be deleted.
type Removal struct {
	iamsetup.Removal

	AWS    *iamsetup.AWS
	Lookup *principal.UserLookup
	// Unlocked is as for Up.
	Unlocked bool

	view    keyView
	todo    keyEnds
	deleted []string
	looked  bool // the last look came to its end
	ended   bool // Destroy did, well or not
}

// Name is the step's name.
func (r *Removal) Name() string { return Step }

// PlanDestroy says what Destroy would do. It only reads.
func (r *Removal) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	r.looked, r.ended, r.deleted = false, false, nil
	if err := r.look(ctx, false); err != nil {
		return nil, err
	}
	r.looked = true
	return r.changes(), nil
}

func (r *Removal) look(ctx context.Context, settled bool) error {
	var view keyView
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		view.user, err = r.user(gctx)
		return err
	})
	group.Go(func() (err error) {
		view.keys, err = listKeys(gctx, r.AWS, r.Lookup.UserName)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	view.now, view.lagging = r.AWS.Clock.Now(), r.Now().Before(r.Believe) || r.Unlocked && view.owned(r.Owner)
	r.judge(view, settled)
	if len(r.todo.stay) > 0 || len(r.todo.blocks) > 0 || len(r.todo.unsure) > 0 {
		err := readUse(ctx, r.AWS, view.keys)
		if decides := len(r.todo.blocks) > 0 || len(r.todo.unsure) > 0; err != nil && (decides || !iamsetup.IsDenied(err)) {
			return err
		}
		r.judge(view, settled)
	}
	return nil
}

func (r *Removal) user(ctx context.Context) (seen *principal.UserSeen, err error) {
	err = r.Sure(ctx, "IAM user "+r.Lookup.UserName, func(ctx context.Context) (bool, error) {
		if seen, err = r.Lookup.Get(ctx); seen == nil {
			r.Lookup.Forget() // also an error, which may be that of this look's own limit
		}
		return seen != nil, err
	})
	return seen, err
}

func (r *Removal) judge(view keyView, settled bool) {
	r.view = view
	r.todo = endKeys(view, keyRules{owner: r.Owner, userName: r.Lookup.UserName, settle: r.Pace.Settle, settled: settled})
}

// changes renders the decision in a fixed order: what is deleted, what is kept, what must be waited for, what is in the way.
func (r *Removal) changes() []plan.Change {
	var out []plan.Change
	add := func(action plan.Action, resource plan.Resource, reason string) {
		out = append(out, plan.Change{Step: Step, Resource: resource, Action: action, Reason: reason})
	}
	for _, x := range r.todo.doomed {
		add(plan.Delete, plan.Of(plan.AccessKey, x.id), x.reason)
	}
	for _, x := range r.todo.stay {
		add(plan.None, plan.Of(plan.AccessKey, x.id), x.reason)
	}
	if entry := r.todo.entry(); entry != "" {
		add(plan.Update, plan.Of(plan.KeyEntry, r.Lookup.UserName), entry)
	}
	return append(out, r.todo.blocks...)
}
