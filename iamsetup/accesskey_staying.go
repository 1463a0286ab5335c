package iamsetup

import (
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// goes reports whether a key of ours goes, or went.
func (r *KeyRemoval) goes(id string) bool {
	return !r.Idle && r.looked && slices.ContainsFunc(r.todo.doomed, func(x doomed) bool { return x.id == id })
}

// Knows reports whether a key was made for this owner on this user, also when it is gone already.
func (r *KeyRemoval) Knows(id string) bool {
	d := decision{v: r.view, r: keyRules{owner: r.Owner}}
	return d.ours(id) || slices.ContainsFunc(r.todo.doomed, func(x doomed) bool { return x.id == id })
}

// KnowsOther reports whether a key of this user was made for another owner, who has it in a Secret of his own.
func (r *KeyRemoval) KnowsOther(id string) bool {
	d := decision{v: r.view, r: keyRules{owner: r.Owner}}
	return d.othersKey(id)
}

// Waits reports that keys may be there which do not show yet, and that Destroy waits for them first.
func (r *KeyRemoval) Waits() bool { return r.looked && !r.ended && r.todo.settle != "" }

// Unknown reports that the user's keys could not be looked at, so that any key may be one of this namespace's.
func (r *KeyRemoval) Unknown() bool { return !r.looked }

// doubtful reports that a key may be this owner's, which the tags of this owner on the user have yet to tell.
func (r *KeyRemoval) doubtful() bool { return len(r.todo.blocks) > 0 }

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

// obstacles are the keys that keep the user from going, but for those of staying.
func (r *KeyRemoval) obstacles() []Obstacle {
	var out []Obstacle
	for _, k := range r.view.keys {
		if r.goes(k.ID) || r.Stays(k.ID) {
			continue
		}
		d := decision{v: r.view}
		out = append(out, describeKey(r.Key.Lookup.UserName, k.ID, d.describe(k.ID), d.nobodys(k)))
	}
	if !r.looked {
		out = append(out, Obstacle{kind: accessKey, note: "they could not be looked at", command: hint.Command("aws", "iam", "list-access-keys", "--user-name", r.Key.Lookup.UserName)})
	}
	return out
}
