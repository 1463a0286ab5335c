package iamsetup

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// keysMax is IAM's quota of access keys for one user, active or not.
const keysMax = 2

// keyRules are the settings that a decision goes by.
type keyRules struct {
	owner    Owner
	userName string
	adopt    bool
	mint     time.Duration // that a mint may take from its announcement on
	settle   time.Duration
	settled  bool     // what lags was waited for: what is not seen now is not there
	agreed   []string // unused keys that are not ours and may be deleted
}

// keyPlan is what is to be done about the key, its Secrets and what earlier runs left.
type keyPlan struct {
	source *credential.Key // the key that the Secrets are to hold; nil: one has to be minted
	why    string          // a mint is needed
	fills  []fill
	before []doomed // keys to delete before anything else
	after  []doomed // keys to delete once the Secrets hold the right one
	tag    bool     // enter source on the user
	untag  bool     // take back our own announcement
	mints  []credential.Mint
	closes []string // in words, which intents get closed in mints
	settle string   // what must be waited for before this plan can be trusted; empty: nothing
	blocks []plan.Change

	strangers []stranger // keys that are none of ours, and stay
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
	d.mints = slices.Clone(v.mints)
	d.chooseSource()
	d.judgeMints()
	d.judgeSecrets()
	d.judgeOwnKeys()
	d.judgeMinting()
	d.judgeStrangers()
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

// works reports whether the Secret at i holds a key that is this user's and works.
func (d *decision) works(i int) bool {
	h, p := d.v.held[i], d.v.proofs[i]
	if d.v.user == nil || h.Key.ID == "" || p.verdict != accepted || p.arn != d.v.user.ARN {
		return false
	}
	listed := d.v.listed(h.Key.ID)
	return listed == nil || listed.Active // STS knows it although the list lags
}

// ours reports whether a key of this user was certainly made for this namespace.
func (d *decision) ours(id string) bool {
	if owner := d.v.tagged(id); owner != "" {
		return owner == d.r.owner.String()
	}
	return d.v.recorded(id)
}

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

// judgeMinting looks at the announcement that the user carries.
func (d *decision) judgeMinting() {
	minter, deadline := d.v.minter()
	switch {
	case minter == "":
	case minter == d.r.owner.String():
		d.untag = true
	case d.source == nil && d.v.now.Before(deadline):
		d.settle = cmp.Or(d.settle, "the mint that "+minter+" announced on user "+d.r.userName)
	}
}

// judgeMint says whether a key may be minted.
func (d *decision) judgeMint() {
	d.why = "no Secret holds a key of user " + d.r.userName + " that works"
	if d.v.user == nil {
		return
	}
	if !d.v.user.Tags.ours() && !d.r.adopt {
		d.block("access-key/"+plan.KnownAfterApply, "user "+d.v.user.ARN+" was not made by gen3-bootstrap, and "+d.why,
			"--adopt lets this run mint a key on it; --user-name makes another user")
		return
	}
	for len(d.v.keys)-len(d.before) >= keysMax && len(d.after) > 0 {
		d.before, d.after = append(d.before, d.after[0]), d.after[1:]
	}
	if len(d.v.keys)-len(d.before) >= keysMax && d.settle == "" {
		cure := "delete one that is not needed: aws iam delete-access-key --user-name " + d.r.userName + " --access-key-id ID; or give this one its own user with --user-name"
		if slices.ContainsFunc(d.strangers, func(s stranger) bool { return s.unused }) {
			cure = "--adopt --yes deletes those that nobody uses; or " + cure
		}
		d.block("access-key/"+plan.KnownAfterApply, fmt.Sprintf("user %s has %d access keys and IAM allows no third: %s", d.v.user.ARN, len(d.v.keys), d.describeAll()),
			cure)
	}
}
