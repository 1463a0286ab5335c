package accesskey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// changes renders the decision, in a fixed order: the key, its Secrets, what goes, what is entered.
func (k *Up) changes() []plan.Change {
	var out []plan.Change
	add := func(action plan.Action, resource plan.Resource, reason string) {
		c := plan.Change{Step: Step, Resource: resource, Action: action, Reason: reason}
		switch {
		case action != plan.Create:
		case resource.Kind == plan.Secret:
			c.Fields = []plan.Field{{Name: "entries", After: []string{credential.EntryKeyID, credential.EntryKeySecret, credential.EntryCredentials}}}
		case resource.Kind == plan.AccessKey:
			c.Fields = []plan.Field{{Name: "of user", After: k.Lookup.UserName}}
		}
		out = append(out, c)
	}
	p := k.plan
	if p.source == nil {
		add(plan.Create, plan.Of(plan.AccessKey, plan.KnownAfterApply), p.why+k.unsettled())
	} else {
		add(plan.None, plan.Of(plan.AccessKey, p.source.ID), k.describeSource()+k.unsettled())
	}
	for i, h := range k.view.held {
		if h.Spare {
			if h.Key.ID != "" {
				add(plan.None, plan.At(plan.Secret, h.Name), "holds access key "+h.Key.ID+"; an earlier up filled it, and this one leaves it")
				if v := k.view.proofs[i].verdict; v == refused || v == mismatched {
					last := &out[len(out)-1]
					last.Unwell, last.Reason = true, last.Reason+": the key does not work any more; whoever reads the Secret is refused, and --secret-name with its name fills it"
				}
			}
			continue
		}
		if i := slices.IndexFunc(p.fills, func(f fill) bool { return f.held.Name == h.Name }); i >= 0 {
			add(p.fills[i].action, plan.At(plan.Secret, h.Name), p.fills[i].reason)
		} else if !slices.ContainsFunc(p.blocks, func(c plan.Change) bool { return c.Resource == plan.At(plan.Secret, h.Name) }) {
			add(plan.None, plan.At(plan.Secret, h.Name), "holds access key "+h.Key.ID)
		}
	}
	out = append(out, p.strangerChanges()...)
	for _, x := range slices.Concat(p.before, p.after) {
		add(plan.Delete, plan.Of(plan.AccessKey, x.id), x.reason)
	}
	out = append(out, k.replacementChanges()...)
	if entry := k.entry(); entry != "" {
		add(plan.Update, plan.Of(plan.KeyEntry, k.Lookup.UserName), entry)
	}
	return append(out, p.blocks...)
}

// entry says what is to be entered about keys on the user.
func (k *Up) entry() string {
	var reasons []string
	if k.plan.tag {
		reasons = append(reasons, "the user's tags do not name access key "+k.plan.source.ID)
	}
	if k.plan.untag != "" {
		reasons = append(reasons, "the user still announces a mint of this namespace: "+k.plan.untag)
	}
	if k.plan.unreplace != "" {
		reasons = append(reasons, "the user still announces a rotation of this namespace: "+k.plan.unreplace)
	}
	return strings.Join(reasons, "; ")
}

func (k *Up) unsettled() string {
	if k.plan.settle == "" {
		return ""
	}
	return "; waits first to see " + k.plan.settle
}

func (k *Up) describeSource() string {
	id, text := k.plan.source.ID, "works"
	if listed := k.view.listed(id); listed != nil {
		text = fmt.Sprintf("works, %s old", iamsetup.Age(k.view.now.Sub(listed.Created)))
	}
	if k.plan.young {
		text += ", and younger than --if-older-than"
	}
	if k.view.tagged(id) == "" && !k.plan.tag && !k.view.lagging {
		text += "; not made by gen3-bootstrap, so it is never deleted"
		if others := k.view.othersThatHold(id); k.Adopt && len(others) > 0 {
			text += "; not adopted, as it is in Secret " + words.Few(others) + " too"
		}
	}
	return text
}
