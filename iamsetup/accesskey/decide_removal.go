package accesskey

import (
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
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
		parts = append(parts, "waits first to see "+e.settle)
	}
	if len(e.untag) > 0 {
		parts = append(parts, "tags of keys that are gone: "+strings.Join(e.untag, ", "))
	}
	return strings.Join(parts, "; ")
}

// endKeys is pure, so that each situation is one row of a table test. A key is ours by its tag, or by the intent of a mint
// that never came to enter it; all others stay.
func endKeys(v keyView, r keyRules) keyEnds {
	d := decision{v: v, r: r}
	var out keyEnds
	if v.user == nil {
		return out
	}
	own := v.intentOf(r.owner.String())
	for _, k := range v.keys {
		d.endKey(k, own, &out)
	}
	out.blocks = d.blocks
	d.awaitKeys(own, &out)
	d.staleTags(&out)
	return out
}

func (d *decision) endKey(k listedKey, own *intent, out *keyEnds) {
	candidate := own != nil && slices.Contains(ids(d.candidates(*own)), k.ID)
	switch {
	case d.ours(k.ID):
		out.doomed = append(out.doomed, doomed{k.ID, "ours, as its tag on the user says"})
	case d.othersKey(k.ID):
		out.stay = append(out.stay, doomed{k.ID, "kept: held by " + d.v.tagged(k.ID)})
	case !candidate:
		out.stay = append(out.stay, doomed{k.ID, "kept: no tag says that it is ours; " + d.describe(k.ID)})
	case len(d.candidates(*own)) == 1 && d.provablyOurs(k):
		out.unsure = append(out.unsure, k.ID)
		out.doomed = append(out.doomed, doomed{k.ID, "a run that ended before storing it made it (announced " + own.started.Format(time.RFC3339) + ")"})
	default:
		out.unsure = append(out.unsure, k.ID)
		d.blockCandidates(*own, []listedKey{k})
	}
}

// awaitKeys notes that a key may be there and not show yet: that of an announced mint, or one that a run a moment ago made,
// whose tags may not show either.
func (d *decision) awaitKeys(own *intent, out *keyEnds) {
	switch {
	case d.r.settled:
	case own == nil && d.v.lagging && len(out.doomed) == 0:
		out.settle = "whether an access key of a run that has just ended shows up"
	case own == nil || slices.ContainsFunc(d.v.keys, own.mayHaveMade):
	case d.v.now.Before(own.deadline.Add(d.r.settle)):
		out.settle = "whether the key announced at " + own.started.Format(time.RFC3339) + " shows up"
	}
}

// staleTags are entries of this owner on the user that stand for nothing any more. One whose key may only not show is
// waited for.
func (d *decision) staleTags(out *keyEnds) {
	for _, key := range d.v.user.Tags.Keys() {
		id, isKey := strings.CutPrefix(key, iamsetup.TagKey)
		stale := isKey && d.ours(id) && d.v.listed(id) == nil
		switch {
		case stale && d.lags():
			out.settle = "whether access key " + id + " still shows up"
		case stale, key == iamsetup.TagReplacing+d.r.owner.String(), key == iamsetup.TagMinting+d.r.owner.String() && len(d.blocks) == 0: // it proves whose a key is that cannot be told yet
			out.untag = append(out.untag, key)
		}
	}
}
