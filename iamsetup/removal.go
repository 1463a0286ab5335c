package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Removal is what taking away goes by, the same for each kind of resource.
type Removal struct {
	Owner Owner
	Pace  Pace
	Guard func() error // asked before each write, as for AccessKey
	Now   func() time.Time
	// TaggedOnly is that a mark alone is not enough, and what goes must carry this owner's tag.
	TaggedOnly bool
	// Believe is when IAM can be believed that something is not there: an earlier run may have made it a moment ago.
	Believe time.Time
	// Idle is that nothing of this goes: it is only looked at, for what the other steps must know of it.
	Idle bool
	// Waiting is told what a look waits for.
	Waiting func(string)
}

// fate is what teardown means for a resource.
type fate int

const (
	fateAbsent  fate = iota
	fateForeign      // it carries no mark of ours
	fateOthers       // it is ours, and was made for others
	fateShared       // it is this owner's and others': the tag goes
	fateLast         // it is nobody else's: it goes
)

// fateOf judges tags. What carries our mark and no owner at all was left by its last one, as something else used it.
func (r Removal) fateOf(tags Tags) fate {
	_, mine := tags[tagOwner+r.Owner.String()]
	rest := tags.otherOwners(r.Owner)
	switch {
	case !tags.ours():
		return fateForeign
	case mine && len(rest) > 0:
		return fateShared
	case mine, len(rest) == 0 && !r.TaggedOnly:
		return fateLast
	default:
		return fateOthers
	}
}

// describe is the action and reason for those fates that are the same for every kind.
func (r Removal) describe(f fate, tags Tags) (plan.Action, string) {
	switch f {
	case fateAbsent:
		return plan.None, "not there"
	case fateForeign:
		return plan.None, "carries no mark of ours: left"
	case fateOthers:
		if len(tags.owners()) == 0 {
			return plan.None, "carries no tag of this owner: left"
		}
		return plan.None, "made for " + strings.Join(tags.owners(), ", ") + ": left"
	case fateShared:
		return plan.Update, "only the tags of this namespace go: " + r.sharedWith(tags)
	case fateLast:
		return plan.Delete, "ours, and nobody else's"
	default:
		return plan.Blocked, fmt.Sprintf("fate %d is not known", f)
	}
}

func (r Removal) sharedWith(tags Tags) string {
	return "it is also used by " + strings.Join(tags.otherOwners(r.Owner), ", ")
}

// abandoned reports that the last owner's tag has gone from a resource of ours, perhaps since two teardowns took each
// other for the one that stays.
func abandoned(tags Tags) bool { return tags.ours() && len(tags.owners()) == 0 }

// abandons waits until IAM shows that this owner's tag is off, and reports whether the resource was then abandoned. Look
// reads its tags; nil where there is no such resource.
func (r Removal) abandons(ctx context.Context, say report, what string, look func(context.Context) (Tags, error)) (bool, error) {
	var tags Tags
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		var err error
		if tags, err = look(ctx); err != nil || len(r.ownerTags(tags)) == 0 {
			return true, err
		}
		say.waiting(what + " to show that its tags are off")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return false, nil
	}
	return abandoned(tags), err
}

// sure repeats a look that found nothing, until that can be believed.
func (r Removal) sure(ctx context.Context, what string, look func(context.Context) (found bool, err error)) error {
	left := r.Believe.Sub(r.Now())
	if left <= 0 {
		_, err := look(ctx)
		return err
	}
	err := r.Pace.poll(ctx, left, func(ctx context.Context) (bool, error) {
		found, err := look(ctx)
		if !found && err == nil {
			r.Waiting(what + ", which a run a moment ago may have made")
		}
		return found, err
	})
	if errors.Is(err, errTooLong) {
		_, err = look(ctx)
	}
	return err
}

// gone repeats a deletion until IAM takes it: a conflict may be with what has just been deleted and still shows, and what
// is said not to exist may not show yet.
func (r Removal) gone(ctx context.Context, say report, what string, call func(context.Context) error) error {
	if err := r.Guard(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var last error
	err := r.Pace.poll(ctx, 3*r.Pace.Settle, func(ctx context.Context) (bool, error) {
		last = call(ctx)
		switch {
		case last == nil:
			say.partDone()
			return true, nil
		case isAbsent(last) && !r.Now().Before(r.Believe):
			return true, nil
		case isTransient(last), errorCode(last) == "DeleteConflict":
			say.waiting(fmt.Sprintf("IAM to accept: %s (it says %s)", what, errorCode(last)))
			return false, nil
		default:
			return false, wrap(what, last)
		}
	})
	if errors.Is(err, errTooLong) {
		return fmt.Errorf("%s: %w after %s", what, last, 3*r.Pace.Settle)
	}
	return err
}

// ownerTags are the tags by which a resource is this owner's.
func (r Removal) ownerTags(tags Tags) []string {
	var out []string
	for _, key := range tags.keys() {
		switch owner := r.Owner.String(); {
		case key == tagOwner+owner, key == tagMinting+owner, strings.HasPrefix(key, tagKey) && tags[key] == owner:
			out = append(out, key)
		}
	}
	return out
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
