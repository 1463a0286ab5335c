package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// merge returns the trust policy as it should be, given what it is, and what that changes, in words.
func (r *Role) merge(seen *roleSeen) (next trust, why []string) {
	next = seen.trust
	for _, old := range r.stale(seen) {
		next = next.without(old)
		why = append(why, fmt.Sprintf("its trust policy still lets in %s, as an earlier up for this namespace had it", old))
	}
	if !next.holds(r.Trusted) {
		next = next.with(r.Trusted)
		why = append(why, "its trust policy does not let in "+r.Trusted.String())
	}
	return next, why
}

// stale are those whom earlier runs for this owner let in, and today's do not: all of its namespace under another issuer,
// and under the same one those that the record names, since somebody may have let in another ServiceAccount by hand.
func (r *Role) stale(seen *roleSeen) []Trusted {
	return slices.DeleteFunc(seen.trust.named(), func(old Trusted) bool {
		hinted := old.Issuer != r.Trusted.Issuer || slices.Contains(r.Earlier, old)
		return old == r.Trusted || !hinted || !seen.tags.prove(r.Owner, old)
	})
}

// elsewhere says who else may take the role under our ServiceAccount's name.
func (r *Role) elsewhere() string {
	var out strings.Builder
	for _, who := range r.seen.trust.named() {
		if who.Subject != r.Trusted.Subject || who == r.Trusted {
			continue
		}
		fmt.Fprintf(&out, "; it also lets in this ServiceAccount of %s, another cluster", who.Issuer)
		for _, owner := range without(r.seen.tags.ownersOf(who), []string{r.Owner.String()}) {
			fmt.Fprintf(&out, " (if that is gone: `%s`)", teardownOf(owner, "--role-name", r.RoleName))
		}
	}
	return out.String()
}

// teardownOf is the command that takes what another owner has, whose cluster is gone, out of the user or role that a flag
// names.
func teardownOf(owner, flag, name string) string {
	cluster, namespace, _ := strings.Cut(owner, "/")
	return hint.Command("gen3-bootstrap", "teardown", "--cluster-id", cluster, "-n", namespace, flag, name)
}

// trustAttempts is how often the trust policy is written before a run gives up against other writers.
const trustAttempts = 3

// entrust writes the trust policy and reads it back. Whoever shares the role writes the same document, and IAM knows no
// version under which a write would fail, so a part that another writer took out again is merged in once more.
func (r *Role) entrust(ctx context.Context, say report) error {
	what := "update trust policy of IAM role " + r.RoleName
	last := errors.New("another writer keeps replacing it")
	for range trustAttempts {
		now, err := r.read(ctx)
		if err != nil {
			return err
		}
		if now == nil { // IAM does not show it yet
			now = r.seen
		}
		next, why := r.merge(now)
		if len(why) == 0 {
			return nil
		}
		if err := r.writeTrust(ctx, say, next); err != nil && !isUnclear(err) {
			return hint.With(fmt.Errorf("%s: %w", what, err), trustHint(err))
		} else if err != nil {
			last = err
		}
		if stands, err := r.stands(ctx, say); stands || err != nil {
			return err
		}
	}
	return hint.With(fmt.Errorf("%s: %w", what, last), "run again when nobody else is at work on that role")
}

func (r *Role) writeTrust(ctx context.Context, say report, next trust) error {
	document, err := next.JSON()
	if err != nil {
		return err
	}
	return r.Pace.persist(ctx, say.waiting, "trust policy of IAM role "+r.RoleName, func(ctx context.Context) error {
		_, err := r.API.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.RoleName, PolicyDocument: &document})
		return err // entrust says what it was doing
	})
}

func trustHint(err error) string {
	switch errorCode(err) {
	case "LimitExceeded":
		return "a trust policy has 2048 characters where the quota was not raised: give this namespace a role of its own, by another --role-name or without it"
	case "MalformedPolicyDocument":
		return "a statement that is there already may name somebody who is gone, as AIDA… or AROA…; IAM takes no new document until it is taken out"
	default:
		return ""
	}
}

// stands waits until the policy read back is as it should be, twice running, since reads may flap. False: it did not
// become so while IAM's reads may lag.
func (r *Role) stands(ctx context.Context, say report) (bool, error) {
	inRow := 0
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		now, err := r.read(ctx)
		if err != nil {
			return false, err
		}
		if now != nil {
			if _, why := r.merge(now); len(why) == 0 {
				inRow++
				return inRow == 2, nil
			}
		}
		inRow = 0
		say.waiting("trust policy of IAM role " + r.RoleName + " to show what was written")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return false, nil
	}
	return err == nil, err
}
