package iamsetup

import (
	"context"
	"slices"
)

// relook lists the keys again, right before their user goes: others may have made or deleted one since they were first
// looked at. Which keys of ours go was decided then, and is not decided anew. It goes by what the lookup shows of the user.
func (r *KeyRemoval) relook(ctx context.Context) error {
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
	if err := readUse(ctx, r.AWS, keys); err != nil && !IsDenied(err) {
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
