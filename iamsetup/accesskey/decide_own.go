package accesskey

import (
	"cmp"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// judgeOwnKeys dooms keys of ours that no Secret needs any more. A key that works and carries no tag is used, and remains
// what it is: only --adopt enters it as ours.
func (d *decision) judgeOwnKeys() {
	for _, k := range d.v.keys {
		if (d.source != nil && k.ID == d.source.ID) || !d.ours(k.ID) || d.isDoomed(k.ID) || d.awaited(k) || d.servesSpare(k.ID) || d.replaced != nil && k.ID == d.replaced.id {
			continue
		}
		if d.mayBeReplaced(k) {
			d.settle = cmp.Or(d.settle, "whether access key "+k.ID+" is on its way out by a rotation")
		}
		reason := "it is ours, and no Secret holds it"
		switch {
		case !k.Active:
			reason = "it is ours and inactive"
		case d.isHeld(k.ID):
			reason = "it is ours and no longer the one in use"
		}
		d.after = append(d.after, doomed{id: k.ID, reason: reason})
	}
	if d.source != nil && d.r.adopt && d.v.tagged(d.source.ID) == "" && d.heldByUsAlone(d.source.ID) {
		d.tag = true
	}
}

// heldByUsAlone reports whether a key is held by Secrets of ours alone, in the whole cluster and once this run has filled those
// that it fills. A key that somebody else's Secret holds too remains theirs: teardown must not take it from under them.
func (d *decision) heldByUsAlone(id string) bool {
	if d.v.unknown {
		return false
	}
	if len(d.v.othersThatHold(id)) > 0 {
		return false
	}
	filled := func(h credential.Held) bool {
		return slices.ContainsFunc(d.fills, func(f fill) bool { return f.held.Name == h.Name })
	}
	ours := false
	for _, h := range d.v.held {
		switch {
		case filled(h), h.Ours && h.Key.ID == id:
			ours = true
		case h.Key.ID == id:
			return false
		}
	}
	return ours
}

// othersThatHold are the Secrets that hold a key and are not those that the operator reads, or a spare of those.
func (v *keyView) othersThatHold(id string) []string {
	return slices.DeleteFunc(slices.Clone(v.holders[id]), func(name string) bool {
		return slices.ContainsFunc(v.held, func(h credential.Held) bool { return h.Name == name })
	})
}

// servesSpare reports whether a Secret that this run does not write holds the key, which works: whoever reads it would be
// left with a dead one.
func (d *decision) servesSpare(id string) bool {
	for i, h := range d.v.held {
		if h.Spare && h.Key.ID == id && d.works(i) {
			return true
		}
	}
	return false
}

// awaited reports whether the key is one that a Secret holds and that may yet turn out to work.
func (d *decision) awaited(k listedKey) bool { return d.settle != "" && k.Active && d.isHeld(k.ID) }

func (d *decision) isDoomed(id string) bool {
	is := func(x doomed) bool { return x.id == id }
	return slices.ContainsFunc(d.before, is) || slices.ContainsFunc(d.after, is)
}

func (d *decision) isHeld(id string) bool {
	return slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return h.Key.ID == id })
}
