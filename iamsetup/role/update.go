package role

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// update brings a role in line.
func (r *Up) update(ctx context.Context, say iamsetup.Report) error {
	if err := r.WriteBoundary(ctx, say); err != nil {
		return err
	}
	first, last := r.inTurn(r.missing())
	if err := r.WriteTags(ctx, say, first); err != nil {
		return err
	}
	merge := func(seen *roleSeen) (trust, bool) {
		next, why := r.merge(seen)
		return next, len(why) > 0
	}
	if _, differs := merge(r.seen); differs {
		edit := trustEdit{API: r.API, Account: r.Account, Pace: r.Pace, RoleName: r.RoleName, what: "update trust policy of IAM role " + r.RoleName, before: r.seen}
		if err := edit.write(ctx, say, merge); err != nil {
			return err
		}
	}
	return r.WriteTags(ctx, say, last)
}

// inTurn says which tags go before the trust policy and which after it. A new owner is entered first, so that no
// teardown of another takes the role away. While the issuer changes, the owner's tag names the new one and the old: what
// the policy lets in remains proved to be this owner's wherever the run is interrupted.
func (r *Up) inTurn(missing iamsetup.Tags) (first, last iamsetup.Tags) {
	own := iamsetup.TagOwner + r.Owner.String()
	before := words.Without(strings.Fields(r.Have()[own]), []string{missing[own]})
	if _, ok := missing[own]; !ok || len(before) == 0 {
		return missing, nil
	}
	first, last = maps.Clone(missing), iamsetup.Tags{own: missing[own]}
	first[own] = strings.Join(append([]string{missing[own]}, before...), " ")
	if len(first[own]) > iamsetup.TagMax || first[own] == r.Have()[own] {
		delete(first, own) // the old one remains until it is taken out of the policy
	}
	return first, last
}

// merge returns the trust policy as it should be, given what it is, and what that changes, in words.
func (r *Up) merge(seen *roleSeen) (next trust, why []string) {
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
func (r *Up) stale(seen *roleSeen) []Trusted {
	return slices.DeleteFunc(seen.trust.named(), func(old Trusted) bool {
		hinted := old.Issuer != r.Trusted.Issuer || slices.Contains(r.Earlier, old)
		return old == r.Trusted || !hinted || !prove(seen.tags, r.Owner, old)
	})
}

// elsewhere says who else may take the role under our ServiceAccount's name.
func (r *Up) elsewhere() string {
	var out strings.Builder
	for _, who := range r.seen.trust.named() {
		if who.Subject != r.Trusted.Subject || who == r.Trusted {
			continue
		}
		fmt.Fprintf(&out, "; it also lets in this ServiceAccount of %s, another cluster", who.Issuer)
		for _, owner := range words.Without(ownersOf(r.Have(), who), []string{r.Owner.String()}) {
			fmt.Fprintf(&out, " (if that is gone: `%s`)", iamsetup.TeardownOf(r.Invocation, owner, "--role-name", r.RoleName))
		}
	}
	return out.String()
}
