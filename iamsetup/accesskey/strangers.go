package accesskey

import (
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// stranger is a key of the user that nothing shows to be ours, such as one that the bash script minted and lost.
type stranger struct {
	id     string
	about  string // age, last use, and who holds it
	unused bool   // may be deleted once somebody agrees
	young  bool   // may be of a run that is minting somewhere else
}

// judgeStrangers lists the keys that gen3-bootstrap did not make where the user is adopted, and marks for deletion those that nobody
// uses when the operator agreed to that. People are told to paste keys into values files, so that a key which was used,
// or which any Secret of the cluster holds, is never deleted.
func (d *decision) judgeStrangers() {
	if d.v.user == nil || (d.v.user.Tags.Ours() && !d.r.adopt) {
		return
	}
	for _, k := range d.v.keys {
		if d.knows(k.ID) {
			continue
		}
		young := d.inAMint(k)
		unused := d.r.adopt && k.Use.onlyProof() && d.v.searched && len(d.v.holders[k.ID]) == 0 && !young
		s := stranger{id: k.ID, about: d.describe(k.ID) + d.whereHeld(k.ID), unused: unused, young: young}
		if unused && slices.Contains(d.r.agreed, k.ID) {
			d.after = append(d.after, doomed{id: k.ID, reason: "it is not ours (" + s.about + "), and it was agreed to delete it"})
			continue
		}
		d.strangers = append(d.strangers, s)
	}
}

// inAMint reports whether a run of another owner may have made the key just now and not entered it yet: one is announced,
// or its announcement may not show yet.
func (d *decision) inAMint(k listedKey) bool {
	announced := func(i intent) bool { return d.v.now.Before(i.deadline.Add(d.r.settle)) }
	return slices.ContainsFunc(d.otherIntents(), announced) || d.v.now.Before(k.Created.Add(d.r.mint+d.r.settle))
}

// knows reports whether a key's place is settled: it is in use, ours, another owner's, or in doubt and blocked.
func (d *decision) knows(id string) bool {
	if d.source != nil && d.source.ID == id || d.ours(id) || d.isDoomed(id) || d.isHeld(id) || d.v.tagged(id) != "" {
		return true
	}
	for _, b := range d.blocks {
		if b.Resource == plan.Of(plan.AccessKey, id) {
			return true
		}
	}
	return false
}

func (d *decision) whereHeld(id string) string {
	switch {
	case !d.v.searched:
		return ", and whether a Secret holds it is not known"
	case len(d.v.holders[id]) > 0:
		return ", in Secret " + words.Few(d.v.holders[id])
	default:
		return ", in no Secret of this cluster"
	}
}

// strangerChanges are the lines by which a plan tells of them.
func (p keyPlan) strangerChanges() []plan.Change {
	out := make([]plan.Change, 0, len(p.strangers))
	for _, s := range p.strangers {
		cure := "it is kept"
		if s.young {
			cure = "it is kept, as another run may be storing it right now"
		}
		if s.unused {
			cure = "it is kept, unless --adopt --yes deletes it"
		}
		out = append(out, plan.Change{
			Step: Step, Resource: plan.Of(plan.AccessKey, s.id), Action: plan.None,
			Reason: fmt.Sprintf("not ours (%s): %s", s.about, cure),
		})
	}
	return out
}

// Unused returns the keys that gen3-bootstrap did not make, that nobody seems to use, and that Apply deletes once they are Agreed;
// each with its age and last use in words.
func (k *Up) Unused() map[string]string {
	out := map[string]string{}
	for _, s := range k.plan.strangers {
		if s.unused {
			out[s.id] = s.about
		}
	}
	return out
}
