package accesskey

import (
	"fmt"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// judgeIntent settles the mint that an earlier run announced and did not take back, and finds the key that it made and
// never entered.
func (d *decision) judgeIntent() {
	own := d.v.intentOf(d.r.owner.String())
	switch {
	case own == nil && d.source == nil && d.lags():
		d.settle = "whether a mint of a run that has just ended shows up on user " + d.r.userName
	case own == nil:
	case slices.ContainsFunc(d.v.keys, func(k listedKey) bool { return own.mayHaveMade(k) && d.ours(k.ID) }):
		d.untag = "its key is entered"
	default:
		d.settleIntent(*own)
	}
}

// settleIntent settles an intent of which nobody knows what became: its call was never sent, or its answer never seen.
func (d *decision) settleIntent(own intent) {
	candidates := d.candidates(own)
	switch {
	case d.source != nil && slices.Contains(ids(candidates), d.source.ID):
		d.tag, d.untag = len(candidates) == 1 && d.provablyOurs(candidates[0]), "its key "+d.source.ID+" is stored"
	case len(candidates) == 1 && d.mayYetWork(candidates[0].ID):
		d.settle = "whether access key " + candidates[0].ID + " works"
	case len(candidates) == 1 && d.provablyOurs(candidates[0]):
		k := candidates[0]
		d.doom(k.ID, fmt.Sprintf("a run that ended before storing it made it (announced %s)", own.started.Format(time.RFC3339)))
		d.untag = "its key " + k.ID + " was never stored"
	case len(candidates) > 0:
		d.blockCandidates(own, candidates)
	case !d.r.settled && d.v.now.Before(own.deadline.Add(d.r.settle)):
		d.settle = "whether the key announced at " + own.started.Format(time.RFC3339) + " shows up"
	default:
		d.untag = "no key was made"
	}
}

// lags reports whether IAM may not show yet what an earlier run wrote a moment ago.
func (d *decision) lags() bool { return d.v.lagging && !d.r.settled }

// mayYetWork reports whether a Secret holds the key and STS refuses it, which it does at first to every new key.
func (d *decision) mayYetWork(id string) bool {
	for i, h := range d.v.held {
		if h.Key.ID == id && d.v.proofs[i].verdict == refused && !d.r.settled {
			return true
		}
	}
	return false
}

// candidates are the keys that an intent may have made, and that nobody is known to have.
func (d *decision) candidates(i intent) []listedKey {
	var out []listedKey
	for _, k := range d.v.keys {
		if i.mayHaveMade(k) && d.v.tagged(k.ID) == "" {
			out = append(out, k)
		}
	}
	return out
}

// provablyOurs reports that nobody else can have made the one candidate: no other announced mint may have, and nobody has
// used it for anything but a proof.
func (d *decision) provablyOurs(k listedKey) bool {
	others := slices.ContainsFunc(d.otherIntents(), func(i intent) bool { return i.mayHaveMade(k) })
	return !others && !k.Unread && k.Use.onlyProof()
}

func (d *decision) blockCandidates(i intent, candidates []listedKey) {
	for _, k := range candidates {
		mark := hint.Command("aws", "iam", "tag-user", "--user-name", d.r.userName, "--tags", "Key="+iamsetup.TagKey+k.ID+",Value=WHOSE")
		cure := "the last use tells who has it; nobody who does may lose it"
		if d.nobodys(k) {
			cure = "if nobody needs it: " + d.deletion(k.ID)
		}
		d.block(plan.Of(plan.AccessKey, k.ID),
			fmt.Sprintf("access key %s of user %s (%s) was made while a run of ours was minting at %s, and it cannot be told whether that run made it",
				k.ID, d.r.userName, d.describe(k.ID), i.started.Format(time.RFC3339)),
			cure, "if it is somebody's, tag it so: "+mark)
	}
}

func (d *decision) doom(id, reason string) {
	if !d.isDoomed(id) {
		d.before = append(d.before, doomed{id: id, reason: reason})
	}
}
