package accesskey

import (
	"context"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// goes reports whether a key of ours goes, or went.
func (r *Removal) goes(id string) bool {
	return !r.LookOnly && r.looked && slices.ContainsFunc(r.todo.doomed, func(x doomed) bool { return x.id == id })
}

// Knows reports whether a key was made for this owner on this user, also when it is gone already.
func (r *Removal) Knows(id string) bool {
	d := decision{v: r.view, r: keyRules{owner: r.Owner}}
	return d.ours(id) || slices.ContainsFunc(r.todo.doomed, func(x doomed) bool { return x.id == id })
}

// KnowsOther reports whether a key of this user was made for another owner, who has it in a Secret of his own.
func (r *Removal) KnowsOther(id string) bool {
	d := decision{v: r.view, r: keyRules{owner: r.Owner}}
	return d.othersKey(id)
}

// Waits reports that keys may be there which do not show yet, and that Destroy waits for them first.
func (r *Removal) Waits() bool { return r.looked && !r.ended && r.todo.settle != "" }

// Unknown reports that the user's keys could not be looked at, so that any key may be one of this namespace's.
func (r *Removal) Unknown() bool { return !r.looked }

// Doubtful reports that a key may be this owner's, which the tags of this owner on the user have yet to tell.
func (r *Removal) Doubtful() bool { return len(r.todo.blocks) > 0 }

// Stays reports whether a key that should go is still there, so that the Secret which holds it must not go either.
func (r *Removal) Stays(id string) bool { return slices.Contains(r.Staying(), id) }

// Staying are keys of ours that are still there after Destroy, or will be since nothing of the keys is to go.
func (r *Removal) Staying() []string {
	var out []string
	for _, x := range r.todo.doomed {
		if r.LookOnly || r.ended && !slices.Contains(r.deleted, x.id) {
			out = append(out, x.id)
		}
	}
	return out
}

// Obstacles are the keys that keep the user from going, but for those of Staying. The command that deletes one is given
// only where nothing shows that anybody has the key.
func (r *Removal) Obstacles() []principal.Obstacle {
	const kind = "access key"
	var out []principal.Obstacle
	for _, k := range r.view.keys {
		if r.goes(k.ID) || r.Stays(k.ID) {
			continue
		}
		d := decision{v: r.view}
		o := principal.Obstacle{Kind: kind, Name: k.ID, Note: d.describe(k.ID)}
		if d.nobodys(k) {
			o.Command = deleteKeyCommand(r.Lookup.UserName, k.ID)
		}
		out = append(out, o)
	}
	if !r.looked {
		out = append(out, principal.Obstacle{Kind: kind, Note: "they could not be looked at", Command: hint.Command("aws", "iam", "list-access-keys", "--user-name", r.Lookup.UserName)})
	}
	return out
}

// Spared reports that nothing of the keys is to go.
func (r *Removal) Spared() bool { return r.LookOnly }

// Relook lists the keys again, right before their user goes: others may have made or deleted one since they were first
// looked at. Which keys of ours go was decided then, and is not decided anew. It goes by what the lookup shows of the user.
func (r *Removal) Relook(ctx context.Context) error {
	if !r.looked {
		return nil // that they could not be looked at is in the user's way
	}
	user, err := r.Lookup.Get(ctx)
	if err != nil {
		return err
	}
	keys, err := listKeys(ctx, r.AWS, r.Lookup.UserName)
	if err != nil {
		return err
	}
	if err := readUse(ctx, r.AWS, keys); err != nil && !iamsetup.IsDenied(err) {
		return err
	}
	r.view.user, r.view.keys = user, keys
	for _, x := range r.todo.doomed {
		if r.view.listed(x.id) == nil && !slices.Contains(r.deleted, x.id) {
			r.deleted = append(r.deleted, x.id)
		}
	}
	return nil
}
