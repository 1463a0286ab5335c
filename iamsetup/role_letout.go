package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// without is the role's trust policy with this owner let out.
func (r *RoleRemoval) without(seen *roleSeen) trust {
	return withoutAll(seen.trust, r.letIn(seen))
}

// letIn are those whom the policy lets in on behalf of this owner alone, as its tag says.
func (r *RoleRemoval) letIn(seen *roleSeen) []Trusted {
	return slices.DeleteFunc(seen.trust.named(), func(who Trusted) bool { return !seen.tags.prove(r.Owner, who) })
}

// letOut writes the trust policy without this owner and reads it back, as whoever shares the role writes the same
// document. IAM takes no policy without a statement, so one that would have none stays.
func (r *RoleRemoval) letOut(ctx context.Context, say report) error {
	what := "let this namespace out of IAM role " + r.Role.RoleName
	owned := r.letIn(r.seen) // by tags that go afterwards
	for range trustAttempts {
		now, err := r.Role.read(ctx)
		if err != nil || now == nil {
			return err
		}
		next := withoutAll(now.trust, owned)
		if len(next.statements) == 0 || !holdsAny(now.trust, owned) {
			return nil
		}
		if err := r.Guard(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := r.Role.writeTrust(ctx, say, next); err != nil && !isUnclear(err) {
			return hint.With(fmt.Errorf("%s: %w", what, err), trustHint(err))
		}
		say.partDone()
		if out, err := r.isOut(ctx, say, owned); out || err != nil {
			return err
		}
	}
	return hint.With(fmt.Errorf("%s: another writer keeps replacing its trust policy", what), "run teardown again when nobody else is at work on that role")
}

// isOut waits until the policy read back lets none of them in. False: it did not become so while IAM's reads may lag.
func (r *RoleRemoval) isOut(ctx context.Context, say report, owned []Trusted) (bool, error) {
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		now, err := r.Role.read(ctx)
		if err != nil || now == nil || !holdsAny(now.trust, owned) {
			return err == nil, err
		}
		say.waiting("trust policy of IAM role " + r.Role.RoleName + " to show what was written")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return false, nil
	}
	return err == nil, err
}

func withoutAll(t trust, all []Trusted) trust {
	for _, who := range all {
		t = t.without(who)
	}
	return t
}

func holdsAny(t trust, all []Trusted) bool { return slices.ContainsFunc(all, t.holds) }
