package iamsetup

import (
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// keyEnds is what teardown does about the keys of one user.
type keyEnds struct {
	doomed []doomed      // ours
	stay   []doomed      // not ours; the reason says whose they are
	unsure []string      // made in the time of an unsettled mint: their last use decides
	untag  []string      // tags of this owner whose key is gone
	settle string        // what must be waited for before this can be trusted; empty: nothing
	blocks []plan.Change // keys of which nobody can tell whose they are
}

// entry says what is to be done to the user's tags, and what has to be waited for.
func (e keyEnds) entry() string {
	var parts []string
	if e.settle != "" {
		parts = append(parts, "first it is awaited "+e.settle)
	}
	if len(e.untag) > 0 {
		parts = append(parts, "tags of keys that are gone: "+strings.Join(e.untag, ", "))
	}
	return strings.Join(parts, "; ")
}

// endKeys is pure, so that each situation is one row of a table test. A key is judged ours as up judges it: by its tag,
// the record, a Secret of ours, or the intent of a mint. Until believe, a key that should be there may only not show.
func endKeys(v keyView, r keyRules, believe time.Time) keyEnds {
	d := decision{v: v, r: r}
	var out keyEnds
	if v.user == nil {
		return out
	}
	for _, k := range v.keys {
		d.endKey(k, &out)
	}
	out.blocks = d.blocks
	d.awaitKeys(&out, believe)
	d.staleTags(&out, believe)
	return out
}

func (d *decision) endKey(k listedKey, out *keyEnds) {
	owner := d.v.tagged(k.ID)
	switch m := d.unsettledMint(k); {
	case owner == d.r.owner.String():
		out.doomed = append(out.doomed, doomed{k.ID, "ours, as its tag on the user says"})
	case owner != "":
		out.stay = append(out.stay, doomed{k.ID, "held by " + owner + ": left"})
	case d.v.recorded(k.ID):
		out.doomed = append(out.doomed, doomed{k.ID, "ours, as the record says"})
	case d.heldByUsAlone(k.ID):
		out.doomed = append(out.doomed, doomed{k.ID, "ours, as a Secret of ours holds it"})
	case m == nil:
		out.stay = append(out.stay, doomed{k.ID, "not ours: left; " + d.describe(k.ID)})
	case len(d.candidates(*m)) == 1 && d.provablyOurs(k):
		out.unsure = append(out.unsure, k.ID)
		out.doomed = append(out.doomed, doomed{k.ID, "a run that ended before storing it made it (announced " + m.Started.Format(time.RFC3339) + ")"})
	default:
		out.unsure = append(out.unsure, k.ID)
		d.blockCandidates(*m, []listedKey{k})
	}
}

// heldByUsAlone reports whether Secrets of ours hold the key, and none of somebody else's: that one would be left with a
// dead key.
func (d *decision) heldByUsAlone(id string) bool {
	return d.isHeld(id) && !slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return h.Key.ID == id && !h.Ours })
}

// unsettledMint returns the intent that may have made the key and never learnt its id, nil when there is none.
func (d *decision) unsettledMint(k listedKey) *credential.Mint {
	for i, m := range d.v.mints {
		made := func(c listedKey) bool { return c.ID == k.ID }
		if m.KeyID == "" && m.State == credential.MintOpen && m.UserID == d.v.user.ID && slices.ContainsFunc(d.candidates(m), made) {
			return &d.v.mints[i]
		}
	}
	return nil
}

// awaitKeys notes which keys may be there and not show yet: those of open mints, and those that a run a moment ago made.
func (d *decision) awaitKeys(out *keyEnds, believe time.Time) {
	if d.r.settled {
		return
	}
	for _, m := range d.v.mints {
		switch {
		case m.UserID != d.v.user.ID || m.State == credential.MintUndone:
		case m.KeyID != "" && d.v.listed(m.KeyID) != nil, m.KeyID == "" && len(d.candidates(m)) > 0:
		case m.State == credential.MintOpen && d.fresh(m):
			out.settle = "whether the key announced at " + m.Started.Format(time.RFC3339) + " shows up"
		case m.State == credential.MintStored && d.v.now.Before(believe) && d.isHeld(m.KeyID):
			out.settle = "whether access key " + m.KeyID + " still shows up"
		}
	}
}

// staleTags are entries of this owner on the user that stand for nothing any more. One whose key may only not show is
// waited for.
func (d *decision) staleTags(out *keyEnds, believe time.Time) {
	for _, key := range d.v.user.Tags.keys() {
		value := d.v.user.Tags[key]
		id, isKey := strings.CutPrefix(key, tagKey)
		minter, _ := parseMinting(value)
		stale := isKey && value == d.r.owner.String() && d.v.listed(id) == nil
		switch {
		case stale && !d.r.settled && d.v.now.Before(believe):
			out.settle = "whether access key " + id + " still shows up"
		case stale, key == tagMinting && minter == d.r.owner.String():
			out.untag = append(out.untag, key)
		}
	}
}
