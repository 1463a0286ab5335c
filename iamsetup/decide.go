package iamsetup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	settle   time.Duration
	settled  bool // what lags was waited for: what is not seen now is not there
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

// judgeSecrets says for each Secret whether it stays, is written, or is in the way.
func (d *decision) judgeSecrets() {
	for i, h := range d.v.held {
		action, reason, cure := d.judgeSecret(i)
		switch action {
		case plan.None:
		case plan.Blocked:
			d.block("secret/"+h.Name, reason, cure)
		default:
			if h.Immutable {
				d.block("secret/"+h.Name, "Secret "+h.Name+" must change and is immutable", "delete it: kubectl delete secret "+kubectlName(h.Name))
				continue
			}
			d.fills = append(d.fills, fill{held: h, action: action, reason: reason})
		}
	}
}

func (d *decision) judgeSecret(i int) (action plan.Action, reason, cure string) {
	h := d.v.held[i]
	switch {
	case !h.Exists:
		return plan.Create, "there is no such Secret", ""
	case !h.Ours:
		return d.judgeForeignSecret(i)
	case d.source != nil && h.Key.ID == d.source.ID && h.Key.Secret.Equal(d.source.Secret):
		if h.Complete {
			return plan.None, "", ""
		}
		return plan.Update, "its entries are not the three that belong to access key " + h.Key.ID, ""
	default:
		return d.judgeReplaced(i)
	}
}

// judgeForeignSecret judges a Secret without our mark: it is used when it holds a key that works, and is otherwise
// left alone.
func (d *decision) judgeForeignSecret(i int) (action plan.Action, reason, cure string) {
	h := d.v.held[i]
	if d.works(i) && d.source != nil && h.Key.ID == d.source.ID && !(d.r.adopt && h.Keeper == "") {
		return plan.None, "", ""
	}
	what := fmt.Sprintf("Secret %s was not made by gen3-bootstrap and holds %s", h.Name, d.contents(i))
	switch {
	case h.Keeper != "":
		return plan.Blocked, fmt.Sprintf("%s; %s writes it", what, h.Keeper),
			"take the Secret out of what " + h.Keeper + " makes (for gen3: no keys in global.aws), or give other names with --secret-name"
	case d.r.adopt:
		return plan.Adopt, "it carries no mark of ours and holds " + d.contents(i), ""
	default:
		return plan.Blocked, what, "--adopt takes it over; --secret-name gives other names"
	}
}

// judgeReplaced judges a Secret of ours that holds something else than the source.
func (d *decision) judgeReplaced(i int) (action plan.Action, reason, cure string) {
	h, p := d.v.held[i], d.v.proofs[i]
	id := h.Key.ID
	switch {
	case id == "":
		return plan.Update, "it holds no access key", ""
	case p.verdict == accepted && (d.v.user == nil || p.arn != d.v.user.ARN) && !d.v.recorded(id):
		return plan.Blocked, fmt.Sprintf("Secret %s holds access key %s of %s, which works", h.Name, id, p.arn),
			"if that key is not needed there: kubectl delete secret " + kubectlName(h.Name) + "; else give other names with --secret-name"
	case d.works(i) && d.source != nil && id != d.source.ID && !d.ours(id):
		return plan.Blocked, fmt.Sprintf("Secrets hold two keys of user %s that work, %s and %s (%s), and nothing says whose the latter is",
				d.r.userName, d.source.ID, id, d.describe(id)),
			"if it is not needed: kubectl delete secret " + kubectlName(h.Name) + ", then aws iam delete-access-key --user-name " + d.r.userName + " --access-key-id " + id
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
		d.block("access-key/"+h.Key.ID, fmt.Sprintf("IAM lists access key %s of user %s (%s) as active, and STS refuses it", h.Key.ID, d.r.userName, d.describe(h.Key.ID)),
			"try again in a minute; if it stays so: aws iam delete-access-key --user-name "+d.r.userName+" --access-key-id "+h.Key.ID)
	case d.r.settled:
	case listed != nil, d.v.young(h, d.r.settle):
		d.settle = "whether access key " + h.Key.ID + " works"
	}
}

// judgeOwnKeys dooms keys of ours that no Secret needs any more.
func (d *decision) judgeOwnKeys() {
	for _, k := range d.v.keys {
		if (d.source != nil && k.ID == d.source.ID) || !d.ours(k.ID) || d.isDoomed(k.ID) || d.awaited(k.ID) {
			continue
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
	if d.source == nil || d.v.user == nil || !d.v.user.Tags.ours() || !d.heldByUs(d.source.ID) {
		return
	}
	d.tag = d.v.tagged(d.source.ID) == ""
}

// awaited reports whether the key is one that a Secret holds and that may yet turn out to work.
func (d *decision) awaited(id string) bool { return d.settle != "" && d.isHeld(id) }

func (d *decision) isDoomed(id string) bool {
	is := func(x doomed) bool { return x.id == id }
	return slices.ContainsFunc(d.before, is) || slices.ContainsFunc(d.after, is)
}

func (d *decision) isHeld(id string) bool {
	return slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return h.Key.ID == id })
}

func (d *decision) heldByUs(id string) bool {
	return slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return h.Ours && h.Key.ID == id })
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
		d.block("access-key/"+plan.KnownAfterApply, fmt.Sprintf("user %s has %d access keys and IAM allows no third: %s", d.v.user.ARN, len(d.v.keys), d.describeAll()),
			"delete one that is not needed: aws iam delete-access-key --user-name "+d.r.userName+" --access-key-id ID; or give this one its own user with --user-name")
	}
}

func (d *decision) block(resource, reason, cure string) {
	d.blocks = append(d.blocks, plan.Change{Step: KeyStep, Resource: resource, Action: plan.Blocked, Reason: reason, Hint: cure})
}

func (d *decision) describeAll() string {
	out := make([]string, 0, len(d.v.keys))
	for _, k := range d.v.keys {
		out = append(out, k.ID+" ("+d.describe(k.ID)+")")
	}
	return strings.Join(out, ", ")
}

// describe says whose a key is, its age and its last use.
func (d *decision) describe(id string) string {
	k := d.v.listed(id)
	if k == nil {
		return "not listed"
	}
	parts := []string{Age(d.v.now.Sub(k.Created)) + " old"}
	if !k.Active {
		parts = append(parts, "inactive")
	}
	if owner := d.v.tagged(id); owner != "" {
		parts = append(parts, "held by "+owner)
	} else {
		parts = append(parts, "holder unknown")
	}
	if k.Use.At.IsZero() {
		parts = append(parts, "never used")
	} else {
		parts = append(parts, fmt.Sprintf("last used for %s %s ago", k.Use.Service, Age(d.v.now.Sub(k.Use.At))))
	}
	return strings.Join(parts, ", ")
}

// kubectlName turns "namespace/name" into what kubectl takes.
func kubectlName(name string) string {
	namespace, name, _ := strings.Cut(name, "/")
	return "-n " + namespace + " " + name
}
