package iamsetup

import (
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// listedKey is one of a user's access keys as IAM lists it.
type listedKey struct {
	ID      string
	Active  bool
	Created time.Time
	Use     lastUse // only filled when something is not as it should be
	Unread  bool    // it could not be
}

// lastUse is when and for what a key was last used; the zero value is never.
type lastUse struct {
	At      time.Time
	Service string // such as "sts" or "secretsmanager"
}

// onlyProof reports that a key was never used but, at most, for the proof that this tool makes with STS.
func (l lastUse) onlyProof() bool { return l.At.IsZero() || l.Service == "sts" }

// proof is what STS said to a key that a Secret holds.
type proof struct {
	verdict verdict
	arn     string // of the identity, when accepted
}

type verdict int

const (
	notAsked   verdict = iota
	accepted           // STS knows it
	refused            // no such active key, as far as the server that answered knows
	mismatched         // the id is known and the secret half is another
)

// keyView is everything that the decision about a key rests on. Deciding is a pure function of it.
type keyView struct {
	user   *UserSeen // nil: there is none
	keys   []listedKey
	held   []credential.Held // in the order of the Secrets' names
	proofs []proof           // of held, in the same order
	mints  []credential.Mint
	now    time.Time // AWS's

	searched bool                // holders is filled
	holders  map[string][]string // key id: the Secrets of the whole cluster that hold it
}

func (v *keyView) listed(id string) *listedKey {
	i := slices.IndexFunc(v.keys, func(k listedKey) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return &v.keys[i]
}

// tagged returns the owner that the user's tags name for a key, "" when none.
func (v *keyView) tagged(id string) string {
	if v.user == nil {
		return ""
	}
	return v.user.Tags[tagKey+id]
}

// recorded reports whether the record says that this key was minted for this namespace.
func (v *keyView) recorded(id string) bool {
	return slices.ContainsFunc(v.mints, func(m credential.Mint) bool { return m.KeyID == id })
}

// minter returns who announced a mint on the user, and until when; empty when nobody did.
func (v *keyView) minter() (owner string, deadline time.Time) {
	if v.user == nil {
		return "", time.Time{}
	}
	return parseMinting(v.user.Tags[tagMinting])
}

// parseMinting reads the value of the minting tag: "<cluster>/<namespace> <deadline>".
func parseMinting(value string) (owner string, deadline time.Time) {
	owner, at, _ := strings.Cut(value, " ")
	deadline, _ = time.Parse(time.RFC3339, at)
	return owner, deadline
}

// young reports whether the key in a Secret may be so new that IAM does not know it everywhere.
func (v *keyView) young(h credential.Held, settle time.Duration) bool {
	since := h.Created
	for _, m := range v.mints {
		if m.KeyID == h.Key.ID && m.Started.After(since) {
			since = m.Started
		}
		if m.KeyID == h.Key.ID && m.Closed.After(since) {
			since = m.Closed
		}
	}
	return v.now.Before(since.Add(settle))
}
