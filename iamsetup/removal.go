package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Removal is what taking away goes by, the same for each kind of resource.
type Removal struct {
	API     *iam.Client
	Account Account
	Owner   Owner
	Pace    Pace
	Guard   func() error // asked before each write, as for AccessKey
	Now     func() time.Time
	// TaggedOnly: a mark alone is not enough; only what carries this owner's tag is deleted.
	TaggedOnly bool
	// Believe is when IAM can be believed that something is not there: an earlier run may have made it a moment ago.
	Believe time.Time
	// LookOnly: observe it for other steps, delete nothing.
	LookOnly bool
	// Waiting is told what a look waits for.
	Waiting func(string)
	// Invocation is for the commands that hints advise.
	Invocation hint.Invocation
}

// Fate is what teardown means for a resource.
type Fate int

// What a resource can come to, by its tags.
const (
	FateAbsent  Fate = iota // it is not there
	FateForeign             // it was not created by gen3-bootstrap
	FateOthers              // it is ours, and was made for others
	FateShared              // it is this owner's and others': the tag goes
	FateLast                // it is nobody else's: it goes
)

// fateOf judges tags. What carries our mark and no owner at all was left by its last one, as something else used it.
func (r Removal) fateOf(tags Tags) Fate {
	mine, rest := tags.OwnedBy(r.Owner), tags.OtherOwners(r.Owner)
	switch {
	case !tags.Ours():
		return FateForeign
	case mine && len(rest) > 0:
		return FateShared
	case mine, len(rest) == 0 && !r.TaggedOnly:
		return FateLast
	default:
		return FateOthers
	}
}

// describe is the action and reason for those fates that are the same for every kind.
func (r Removal) describe(f Fate, tags Tags) (plan.Action, string) {
	switch f {
	case FateAbsent:
		return plan.None, "not there"
	case FateForeign:
		return plan.None, "kept: not created by gen3-bootstrap"
	case FateOthers:
		if len(tags.Owners()) == 0 {
			return plan.None, "kept: it carries no tag of this owner"
		}
		return plan.None, "kept: made for " + strings.Join(tags.Owners(), ", ")
	case FateShared:
		return plan.Update, "only the tags of this namespace are removed: " + r.SharedWith(tags)
	case FateLast:
		return plan.Delete, "created by gen3-bootstrap, and used by nobody else"
	default:
		return plan.Blocked, fmt.Sprintf("fate %d is not known", f)
	}
}

func (r Removal) SharedWith(tags Tags) string {
	return "it is also used by " + strings.Join(tags.OtherOwners(r.Owner), ", ")
}

// abandoned reports that the last owner's tag has gone from a resource of ours, perhaps since two teardowns took each
// other for the one that remains.
func abandoned(tags Tags) bool { return tags.Ours() && len(tags.Owners()) == 0 }

// abandons waits until IAM shows that this owner's tags are off, and reports whether the resource was then abandoned.
func (r Removal) abandons(ctx context.Context, say Report, l Leaver) (bool, error) {
	var tags Tags
	err := r.Pace.Until(ctx, r.Pace.Settle, func(ctx context.Context) (_ bool, err error) {
		if l.Forget != nil {
			if err := l.Forget(ctx); err != nil {
				return false, err
			}
		}
		if tags, err = l.Read(ctx); err != nil || len(r.OwnerTags(tags)) == 0 {
			return true, err
		}
		say.Waiting(l.What + " to show that its tags are off")
		return false, nil
	})
	if errors.Is(err, ErrTooLong) {
		return false, nil
	}
	return abandoned(tags), err
}

// Sure repeats a look that found nothing, until that can be believed.
func (r Removal) Sure(ctx context.Context, what string, look func(context.Context) (found bool, err error)) error {
	left := r.Believe.Sub(r.Now())
	if left <= 0 {
		_, err := look(ctx)
		return err
	}
	err := r.Pace.Until(ctx, left, func(ctx context.Context) (bool, error) {
		found, err := look(ctx)
		if !found && err == nil {
			r.Waiting(what + ", which a run a moment ago may have made")
		}
		return found, err
	})
	if errors.Is(err, ErrTooLong) {
		_, err = look(ctx)
	}
	return err
}

// Gone repeats a deletion until IAM takes it: a conflict may be with what has just been deleted and still shows, and what
// is said not to exist may not show yet.
func (r Removal) Gone(ctx context.Context, say Report, what string, call func(context.Context) error) error {
	var last error
	err := r.Pace.Until(ctx, 3*r.Pace.Settle, func(ctx context.Context) (bool, error) {
		if err := r.Guard(); err != nil {
			return false, fmt.Errorf("%s: %w", what, err)
		}
		last = call(ctx)
		switch {
		case last == nil:
			say.PartDone()
			return true, nil
		case IsAbsent(last) && !r.Now().Before(r.Believe):
			return true, nil
		case IsTransient(last), ErrorCode(last) == "DeleteConflict":
			say.Waiting(fmt.Sprintf("IAM to accept: %s (it says %s)", what, ErrorCode(last)))
			return false, nil
		default:
			return false, Wrap(what, last)
		}
	})
	if errors.Is(err, ErrTooLong) {
		return fmt.Errorf("%s: %w after %s", what, last, 3*r.Pace.Settle)
	}
	return err
}

// OwnerTags are the tags by which a resource is this owner's.
func (r Removal) OwnerTags(tags Tags) []string {
	var out []string
	for _, key := range tags.Keys() {
		switch owner := r.Owner.String(); {
		case key == TagOwner+owner, key == TagMinting+owner, key == TagReplacing+owner, strings.HasPrefix(key, TagKey) && tags[key] == owner:
			out = append(out, key)
		}
	}
	return out
}
