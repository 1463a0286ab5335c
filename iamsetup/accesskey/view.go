package accesskey

import (
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
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
	user   *principal.UserSeen // nil: there is none
	keys   []listedKey
	held   []credential.Held // in the order of the Secrets' names
	proofs []proof           // of held, in the same order
	now    time.Time         // AWS's

	// lagging says that a run wrote a moment ago, so that IAM may not show yet what is there. It comes from the Lease and
	// proves nothing: it only makes a run wait.
	lagging bool
	// elsewhere are the owners that other users' tags name for the keys that Secrets hold, by key id.
	elsewhere map[string]string

	anyUser bool                // announcements count on a user without our mark as well
	copies  []credential.Copy   // further Secrets that have the key which a rotation is about
	stale   []credential.Reader // who read that key at the start of pods that still run
	denied  string              // why the key in use may not read from Secrets Manager; empty: it may, or was not asked

	searched bool                // holders is filled
	unknown  bool                // it may not be filled
	holders  map[string][]string // key id: the Secrets of the whole cluster that hold it
}

// owned reports whether the user was made for an owner.
func (v *keyView) owned(o iamsetup.Owner) bool { return v.user != nil && v.user.Tags.OwnedBy(o) }

func (v *keyView) listed(id string) *listedKey {
	i := slices.IndexFunc(v.keys, func(k listedKey) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return &v.keys[i]
}

// tagged returns the owner that the tags of the key's user name for it, "" when none.
func (v *keyView) tagged(id string) string {
	if v.user != nil && v.user.Tags[iamsetup.TagKey+id] != "" {
		return v.user.Tags[iamsetup.TagKey+id]
	}
	return v.elsewhere[id]
}

// intentOf returns the mint that an owner announced on the user, nil when there is none.
func (v *keyView) intentOf(owner string) *intent {
	for _, i := range v.intents() {
		if i.owner == owner {
			return &i
		}
	}
	return nil
}

// intents are all the mints that are announced on the user. On a user without our mark nobody of ours mints.
func (v *keyView) intents() []intent {
	if v.user == nil || !v.user.Tags.Ours() && !v.anyUser {
		return nil
	}
	return intentsOf(v.user.Tags)
}
