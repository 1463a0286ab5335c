package accesskey

import (
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// judgeSecrets says for each Secret whether it is kept, is written, or is in the way.
func (d *decision) judgeSecrets() {
	for i, h := range d.v.held {
		if h.Spare || d.leftElsewhere(i) {
			continue
		}
		action, reason, cure := d.judgeSecret(i)
		switch action {
		case plan.None:
		case plan.Blocked:
			d.block(plan.At(plan.Secret, h.Name), reason, cure)
		case plan.Create, plan.Update, plan.Delete, plan.Adopt:
			if h.Immutable {
				d.block(plan.At(plan.Secret, h.Name), "Secret "+h.Name+" must change and is immutable", "delete it: "+kubectl(h.Name, "delete"))
				continue
			}
			d.fills = append(d.fills, fill{held: h, action: action, reason: reason})
		}
	}
}

// leftElsewhere reports whether a Secret of another namespace is none of this run's. Anybody can write a key's id there: that
// the key is in it, STS tells. One that holds a key which an earlier run replaced keeps that key from its end.
func (d *decision) leftElsewhere(i int) bool {
	h := d.v.held[i]
	if inNamespace(h.Name, d.r.owner.Namespace) {
		return false
	}
	if d.v.proofs[i].verdict != accepted {
		return true
	}
	if d.r.rotation != nil {
		return false
	}
	if d.replaced != nil && h.Key.ID == d.replaced.id {
		d.holding = append(d.holding, h.Name)
	}
	return true
}

func (d *decision) judgeSecret(i int) (action plan.Action, reason, cure string) {
	h := d.v.held[i]
	switch {
	case !h.Exists:
		return plan.Create, "there is no such Secret", ""
	case h.Terminating:
		return plan.Blocked, "Secret " + h.Name + " is being deleted", "wait until it is gone; what holds it: " + kubectl(h.Name, "get", "-o", "jsonpath={.metadata.finalizers}")
	case !h.Ours:
		return d.judgeForeignSecret(i)
	case d.source != nil && h.Key.ID == d.source.ID && h.Key.Secret.Equal(d.source.Secret):
		switch {
		case !h.Complete:
			return plan.Update, "its entries are not the three that belong to access key " + h.Key.ID, ""
		case !h.Noted && d.r.rotation == nil && inNamespace(h.Name, d.r.owner.Namespace):
			return plan.Update, "it does not note yet that access key " + h.Key.ID + " was proved", ""
		}
		return plan.None, "", ""
	default:
		return d.judgeReplaced(i)
	}
}

// judgeForeignSecret judges a Secret without our mark: it is used when it holds a key that works, and is otherwise
// left alone.
func (d *decision) judgeForeignSecret(i int) (action plan.Action, reason, cure string) {
	h := d.v.held[i]
	if d.works(i) && d.source != nil && h.Key.ID == d.source.ID && (!d.r.adopt || h.Keeper != "") {
		return plan.None, "", ""
	}
	what := fmt.Sprintf("Secret %s was not made by gen3-bootstrap and holds %s", h.Name, d.contents(i))
	switch {
	case h.Keeper != "":
		return plan.Blocked, fmt.Sprintf("%s; %s writes it", what, h.Keeper),
			h.LetGo + "; or give other names with --secret-name"
	case !d.r.adopt && d.old != nil && !inNamespace(h.Name, d.r.owner.Namespace):
		return plan.Blocked, what, "if nobody may have it there: " + kubectl(h.Name, "delete") + "; --adopt gives that Secret the new key as well"
	case d.r.adopt:
		return plan.Adopt, "it was not created by gen3-bootstrap and holds " + d.contents(i), ""
	default:
		return plan.Blocked, what, "--adopt takes it over; --secret-name gives other names"
	}
}

// judgeReplaced judges a Secret of ours that holds something else than the source.
func (d *decision) judgeReplaced(i int) (action plan.Action, reason, cure string) {
	h, p := d.v.held[i], d.v.proofs[i]
	id := h.Key.ID
	if d.v.user == nil && p.verdict == accepted && iamsetup.LastPart(p.arn) == d.r.userName && !d.r.settled {
		d.settle = "whether IAM user " + d.r.userName + " shows up, since its access key " + id + " works"
	}
	switch {
	case id == "":
		return plan.Update, "it holds no access key", ""
	case d.othersKey(id):
		return plan.Update, "it holds access key " + id + ", which was made for " + d.v.tagged(id), ""
	case p.verdict == accepted && (d.v.user == nil || p.arn != d.v.user.ARN) && !d.ours(id):
		return plan.Blocked, fmt.Sprintf("Secret %s holds access key %s of %s, which works", h.Name, id, p.arn),
			"if that key is not needed there: " + kubectl(h.Name, "delete") + "; else give other names with --secret-name"
	case d.replaced != nil && id == d.replaced.id:
		return plan.Update, "it holds access key " + id + ", which is replaced", ""
	case d.works(i) && d.source != nil && id != d.source.ID && !d.ours(id):
		return plan.Blocked, fmt.Sprintf("Secrets hold two keys of user %s that work, %s and %s (%s), and nothing says whose the latter is",
				d.r.userName, d.source.ID, id, d.describe(id)),
			"if the latter is not needed there: " + kubectl(h.Name, "delete") + "; else give other names with --secret-name"
	default:
		return plan.Update, "it holds " + d.contents(i), ""
	}
}

// contents says what a Secret was found to hold, and notes what must be waited for to be sure of it.
func (d *decision) contents(i int) string {
	h, p := d.v.held[i], d.v.proofs[i]
	id := h.Key.ID
	listed := d.v.listed(id)
	switch {
	case h.Empty:
		return "nothing"
	case id == "":
		return "no access key"
	case listed != nil && !listed.Active:
		return "access key " + id + ", which is inactive"
	case d.old != nil && id == d.old.ID:
		return "access key " + id + ", which is replaced"
	case p.verdict == mismatched:
		return "access key " + id + " with a secret half that is not its own"
	case p.verdict == accepted && d.source != nil && id == d.source.ID:
		return "access key " + id + ", which works"
	case p.verdict == accepted:
		return "access key " + id + " of " + p.arn + ", which works"
	}
	d.doubt(h, listed)
	return "access key " + id + ", which IAM does not know"
}

// doubt notes that a refused key may only not be known everywhere yet: it is dead when the list lacks it and STS
// refuses it, and for a young one when both still do so after a while.
func (d *decision) doubt(h credential.Held, listed *listedKey) {
	switch {
	case d.r.settled && listed != nil && d.source == nil:
		d.block(plan.Of(plan.AccessKey, h.Key.ID), fmt.Sprintf("IAM lists access key %s of user %s (%s) as active, and STS refuses it", h.Key.ID, d.r.userName, d.describe(h.Key.ID)),
			d.refusedCure(h.Key.ID))
	case d.r.settled:
	case listed != nil, d.lags(), d.v.now.Before(h.Created.Add(d.r.settle)):
		d.settle = "whether access key " + h.Key.ID + " works"
	}
}

// refusedCure says what to do about a key that is listed and does not work. Only one of ours is advised to be deleted.
func (d *decision) refusedCure(id string) string {
	if !d.ours(id) {
		return "try again in a minute; if that does not help, ask whoever made the key"
	}
	return "try again in a minute; if that does not help: " + d.deletion(id)
}
