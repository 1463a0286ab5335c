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
func (r *Role) merge(t trust) (next trust, why []string) {
	next = t
	for _, old := range r.stale(t) {
		next = next.without(old)
		why = append(why, fmt.Sprintf("its trust policy still lets in %s, %s", old, r.because(old)))
	}
	if !next.holds(r.Trusted) {
		next = next.with(r.Trusted)
		why = append(why, "its trust policy does not let in "+r.Trusted.String())
	}
	return next, why
}

// stale are those that the policy lets in on behalf of this owner, or of a cluster that is no more, and that are not
// the ones that an up of today lets in.
func (r *Role) stale(t trust) []Trusted {
	var out []Trusted
	for _, old := range slices.Concat(r.Earlier, r.gone, r.tagged(t)) {
		if old != r.Trusted && t.holds(old) && !slices.Contains(out, old) {
			out = append(out, old)
		}
	}
	return out
}

// tagged is whom the role's tag for this owner stands for, if that is another issuer than today's.
func (r *Role) tagged(t trust) []Trusted {
	var out []Trusted
	for _, issuer := range t.issuersOf(r.Trusted.Subject) {
		if r.seen != nil && r.seen.tags[tagOwner+r.Owner.String()] == tagValue(issuer) {
			out = append(out, Trusted{issuer, r.Trusted.Subject})
		}
	}
	return out
}

func (r *Role) because(old Trusted) string {
	if slices.Contains(r.gone, old) {
		return "whose identity provider is gone"
	}
	return "as an earlier up for this namespace had it"
}

// findGone looks for statements that name our ServiceAccount for a cluster that account no longer knows: what a rebuilt
// cluster leaves. Another cluster that shares the role has its provider, and keeps its statement; one that no owner's tag
// stands for is somebody else's, whose provider may be still to come.
func (r *Role) findGone(ctx context.Context) ([]Trusted, error) {
	r.gone = nil
	if r.seen == nil || !r.seen.tags.ours() && !r.Adopt {
		return nil, nil
	}
	known := r.stale(r.seen.trust)
	var candidates []Trusted
	for _, issuer := range r.seen.trust.issuersOf(r.Trusted.Subject) {
		who := Trusted{issuer, r.Trusted.Subject}
		if who != r.Trusted && !slices.Contains(known, who) && r.seen.tags.ownedFrom(issuer) {
			candidates = append(candidates, who)
		}
	}
	return r.withoutProvider(ctx, candidates)
}

// withoutProvider picks those whose issuer has no identity provider. Where that may not be asked, none is picked.
func (r *Role) withoutProvider(ctx context.Context, candidates []Trusted) ([]Trusted, error) {
	var out []Trusted
	for _, who := range candidates {
		seen, err := readProvider(ctx, r.API, r.provider(who.Issuer))
		if isDenied(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if seen == nil {
			out = append(out, who)
		}
	}
	return out, nil
}

// confirmGone asks again for as long as IAM's reads may lag: the provider of a cluster that is just being set up may
// not show yet.
func (r *Role) confirmGone(ctx context.Context, say report) error {
	if len(r.gone) == 0 {
		return nil
	}
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		still, err := r.withoutProvider(ctx, r.gone)
		if err != nil {
			return false, err
		}
		r.gone = still
		say.waiting("certainty that the identity providers of former clusters are gone")
		return len(still) == 0, nil
	})
	if errors.Is(err, errTooLong) {
		return nil
	}
	return err
}

// elsewhere says who else may take the role under our ServiceAccount's name.
func (r *Role) elsewhere() string {
	others := slices.DeleteFunc(r.seen.trust.issuersOf(r.Trusted.Subject), func(issuer string) bool { return issuer == r.Trusted.Issuer })
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("; it also lets in this ServiceAccount of %s, another cluster (if that is gone: `teardown --cluster-id UID -n NAMESPACE --role-name %s`)",
		strings.Join(others, " and of "), r.RoleName)
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
		next, why := r.merge(now.trust)
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
			if _, why := r.merge(now.trust); len(why) == 0 {
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
