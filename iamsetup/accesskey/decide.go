package accesskey

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// keysMax is IAM's quota of access keys for one user, active or not.
const keysMax = 2

// keyRules are the settings that a decision goes by.
type keyRules struct {
	owner    iamsetup.Owner
	userName string
	adopt    bool
	mint     time.Duration // that a mint may take from its announcement on
	settle   time.Duration
	settled  bool     // what lags was waited for: what is not seen now is not there
	agreed   []string // unused keys that are not ours and may be deleted
	rotation *Rotation
	deadline time.Time // AWS's time at which the run ends; zero: never
}

// keyPlan is what is to be done about the key, its Secrets and what earlier runs left.
type keyPlan struct {
	source *credential.Key // the key that the Secrets are to hold; nil: one has to be minted
	why    string          // a mint is needed
	fills  []fill
	before []doomed // keys to delete before anything else
	after  []doomed // keys to delete once the Secrets hold the right one
	tag    bool     // enter source on the user
	untag  string   // why our own announcement is to be taken off; empty: there is none, or it still stands
	settle string   // what must be waited for before this plan can be trusted; empty: nothing
	blocks []plan.Change

	old       *credential.Key // the key that this run replaces; nil: none
	replaced  *replacement    // the end of a key that an earlier run replaced; nil: none
	holding   []string        // Secrets of other namespaces that still hold the replaced key, and that this run does not write
	unreplace string          // why the announcement of a rotation is to be taken off; empty: there is none, or it stands
	young     bool            // the key is too young to be replaced

	strangers []stranger // keys that gen3-bootstrap did not make, and that are kept
}

// fill is one Secret that has to be written.
type fill struct {
	held   credential.Held
	action plan.Action
	reason string
}

// doomed is a key that is ours and no longer needed.
type doomed struct {
	id     string
	reason string
}

// decide is pure, so that each half-done state is one row of a table test.
func decide(v keyView, r keyRules) keyPlan {
	d := decision{v: v, r: r}
	d.chooseSource()
	d.judgeReplacement()
	d.judgeIntent()
	d.judgeSecrets()
	d.judgeOwnKeys()
	d.judgeOtherMints()
	d.judgeStrangers()
	d.judgeRotation()
	if d.source == nil {
		d.judgeMint()
	}
	return d.keyPlan
}

type decision struct {
	keyPlan

	v keyView
	r keyRules
}

// works reports whether the Secret at i holds a key that is this user's and works, and that no other owner has. A namespace
// that was restored or cloned holds the key of another: it gets one of its own.
func (d *decision) works(i int) bool {
	h, p := d.v.held[i], d.v.proofs[i]
	if d.v.user == nil || h.Key.ID == "" || p.verdict != accepted || p.arn != d.v.user.ARN || d.othersKey(h.Key.ID) {
		return false
	}
	listed := d.v.listed(h.Key.ID)
	return listed == nil || listed.Active // STS knows it although the list lags
}

// ours reports whether a key was made for this namespace: its user's tags say so, and nothing else can.
func (d *decision) ours(id string) bool { return d.v.tagged(id) == d.r.owner.String() }

// othersKey reports whether a key was made for another owner.
func (d *decision) othersKey(id string) bool { return d.v.tagged(id) != "" && !d.ours(id) }

// chooseSource picks the key that the Secrets are to hold: one that works, among several one that is known to be ours,
// then the newest.
func (d *decision) chooseSource() {
	best := -1
	for i := range d.v.held {
		if d.works(i) && (best < 0 || d.better(i, best)) {
			best = i
		}
	}
	if best >= 0 {
		key := d.v.held[best].Key
		d.source = &key
	}
}

func (d *decision) better(i, than int) bool {
	a, b := d.v.held[i].Key.ID, d.v.held[than].Key.ID
	if ours := d.ours(a); ours != d.ours(b) {
		return ours
	}
	return d.created(a).After(d.created(b))
}

func (d *decision) created(id string) time.Time {
	if k := d.v.listed(id); k != nil {
		return k.Created
	}
	return d.v.now // the list lags, so it is new
}

// judgeOtherMints waits for a mint of another owner, whose key could not be told from ours.
func (d *decision) judgeOtherMints() {
	for _, other := range d.otherIntents() {
		if d.source == nil && d.v.now.Before(other.deadline) {
			d.settle = cmp.Or(d.settle, "how the mint ended that "+other.owner+" announced on user "+d.r.userName)
		}
	}
}

// otherIntents are the mints that other owners announced on the user.
func (d *decision) otherIntents() []intent {
	return slices.DeleteFunc(d.v.intents(), func(i intent) bool { return i.owner == d.r.owner.String() })
}

// judgeMint says whether a key may be minted.
func (d *decision) judgeMint() {
	if d.old == nil {
		d.why = "no Secret holds a key of user " + d.r.userName + " that works"
	}
	if d.old == nil && slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return d.othersKey(h.Key.ID) }) {
		d.why += " and was made for this namespace"
	}
	if d.v.user == nil {
		return
	}
	if !d.v.user.Tags.Ours() && !d.r.adopt {
		d.block(plan.Of(plan.AccessKey, plan.KnownAfterApply), "user "+d.v.user.ARN+" was not made by gen3-bootstrap, and "+d.why,
			"--adopt lets this run mint a key on it; --user-name makes another user")
		return
	}
	for len(d.v.keys)-len(d.before) >= keysMax && len(d.after) > 0 {
		d.before, d.after = append(d.before, d.after[0]), d.after[1:]
	}
	if len(d.v.keys)-len(d.before) >= keysMax && d.settle == "" {
		d.block(plan.Of(plan.AccessKey, plan.KnownAfterApply), fmt.Sprintf("user %s has %d access keys and IAM allows no third: %s", d.v.user.ARN, len(d.v.keys), d.describeAll()), "give this namespace a user of its own: "+hint.Command("--user-name", d.r.owner.OwnName(d.r.userName, 64)), d.slotCure()...)
	}
}

// slotCure says how this namespace comes to a key where both slots are taken. A key that has an owner is never advised to
// be deleted, and neither is one that somebody uses.
func (d *decision) slotCure() []string {
	var lines []string
	for _, k := range d.v.keys {
		unused := slices.ContainsFunc(d.strangers, func(s stranger) bool { return s.id == k.ID && s.unused })
		switch {
		case unused:
			lines = append(lines, "--adopt --yes deletes "+k.ID+", which nobody seems to use")
		case d.nobodys(k):
			lines = append(lines, "if nobody needs "+k.ID+": "+d.deletion(k.ID))
		}
	}
	return lines
}

// nobodys reports whether nothing shows that anybody has a key. No other one is advised to be deleted.
func (d *decision) nobodys(k listedKey) bool {
	return d.v.tagged(k.ID) == "" && k.Use.At.IsZero() && !k.Unread && !d.isHeld(k.ID)
}

// deletion is the command that deletes a key of the user.
func (d *decision) deletion(id string) string { return deleteKeyCommand(d.r.userName, id) }

func deleteKeyCommand(user, id string) string {
	return hint.Command("aws", "iam", "delete-access-key", "--user-name", user, "--access-key-id", id)
}
