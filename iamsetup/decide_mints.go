package iamsetup

import (
	"fmt"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// judgeMints settles the intents that earlier runs left, and finds the keys that they made and never stored.
func (d *decision) judgeMints() {
	for i, m := range d.mints {
		switch {
		case m.State != credential.MintOpen: // it claims no key but the one that it names, which ours knows
		case d.v.user == nil && d.fresh(m) && !d.r.settled:
			d.settle = "whether IAM user " + d.r.userName + " shows up"
		case d.v.user == nil || m.UserID != d.v.user.ID:
			d.close(i, credential.MintUndone, m.KeyID, "its user is gone, and its keys with it")
		case m.KeyID != "":
			d.judgeKnown(i)
		default:
			d.judgeUnknown(i)
		}
	}
}

// judgeKnown settles an intent whose key is known by its id.
func (d *decision) judgeKnown(i int) {
	m := d.mints[i]
	switch {
	case d.source != nil && d.source.ID == m.KeyID:
		d.close(i, credential.MintStored, m.KeyID, "its key "+m.KeyID+" is stored")
	case d.v.listed(m.KeyID) != nil && !d.ours(m.KeyID):
		d.close(i, credential.MintUndone, m.KeyID, "the user's tags give its key "+m.KeyID+" to "+d.v.tagged(m.KeyID))
	case d.v.listed(m.KeyID) != nil && !d.isHeld(m.KeyID):
		d.doom(m.KeyID, "a run that ended before storing it made it")
		d.close(i, credential.MintUndone, m.KeyID, "its key "+m.KeyID+" was never stored")
	case d.isHeld(m.KeyID) && !d.r.settled && d.fresh(m):
		d.settle = "whether access key " + m.KeyID + " works"
	case d.fresh(m) && !d.r.settled:
		d.settle = "whether access key " + m.KeyID + " still shows up"
	default:
		d.close(i, credential.MintUndone, m.KeyID, "its key "+m.KeyID+" is gone")
	}
}

// judgeUnknown settles an intent of which nobody knows what became: its call was never sent, or its answer never seen.
func (d *decision) judgeUnknown(i int) {
	m := d.mints[i]
	candidates := d.candidates(m)
	for _, k := range candidates {
		if d.source != nil && k.ID == d.source.ID || d.isHeld(k.ID) {
			d.close(i, credential.MintStored, k.ID, "its key "+k.ID+" is stored")
			return
		}
	}
	switch {
	case len(candidates) == 1 && d.provablyOurs(candidates[0]):
		k := candidates[0]
		d.doom(k.ID, fmt.Sprintf("a run that ended before storing it made it (announced %s)", m.Started.Format(time.RFC3339)))
		d.close(i, credential.MintUndone, k.ID, "its key "+k.ID+" was never stored")
	case len(candidates) > 0:
		d.blockCandidates(m, candidates)
	case d.fresh(m) && !d.r.settled:
		d.settle = "whether the key announced at " + m.Started.Format(time.RFC3339) + " shows up"
	default:
		d.close(i, credential.MintUndone, "", "no key was made")
	}
}

// candidates are the keys that an intent may have made: not there before it, made in its time, and nobody else's.
func (d *decision) candidates(m credential.Mint) []listedKey {
	var out []listedKey
	for _, k := range d.v.keys {
		if slices.Contains(m.Existing, k.ID) || d.v.tagged(k.ID) != "" || d.v.recorded(k.ID) {
			continue
		}
		if !k.Created.Before(m.Started) && !k.Created.After(m.Deadline) {
			out = append(out, k)
		}
	}
	return out
}

// provablyOurs reports that nobody else can have made the one candidate: no other mint is announced, and nobody has
// used it for anything but a proof.
func (d *decision) provablyOurs(k listedKey) bool {
	minter, _ := d.v.minter()
	return (minter == "" || minter == d.r.owner.String()) && k.Use.onlyProof()
}

func (d *decision) blockCandidates(m credential.Mint, candidates []listedKey) {
	for _, k := range candidates {
		d.block("access-key/"+k.ID,
			fmt.Sprintf("access key %s of user %s (%s) was made while a run of ours was minting at %s, and it cannot be told whether that run made it",
				k.ID, d.r.userName, d.describe(k.ID), m.Started.Format(time.RFC3339)),
			"if nobody needs it: aws iam delete-access-key --user-name "+d.r.userName+" --access-key-id "+k.ID+
				"; if it is somebody's, tag it so: aws iam tag-user --user-name "+d.r.userName+" --tags Key="+tagKey+k.ID+",Value=WHOSE")
	}
}

// fresh reports whether the key of an intent may still come to light in IAM's lists.
func (d *decision) fresh(m credential.Mint) bool { return d.v.now.Before(m.Deadline.Add(d.r.settle)) }

func (d *decision) doom(id, reason string) {
	if !d.isDoomed(id) {
		d.before = append(d.before, doomed{id: id, reason: reason})
	}
}

func (d *decision) close(i int, state credential.MintState, id, why string) {
	d.mints[i].State, d.mints[i].KeyID, d.mints[i].Closed = state, id, d.v.now
	d.closes = append(d.closes, "the mint announced at "+d.mints[i].Started.Format(time.RFC3339)+" is closed: "+why)
}
