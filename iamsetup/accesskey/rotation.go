package accesskey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Rotation is what a rotation goes by, beside what every step for a key does.
type Rotation struct {
	OlderThan time.Duration  // a younger key is kept; 0: each is replaced
	Grace     *time.Duration // how long the old key stays inactive before it is deleted; nil: as the rotation says that is under way, else not at all
	Restart   bool           // restart the workloads that read a Secret only when their pods start
}

// Readers are those who read the Secrets of the key. What they still hold of an old key ends when they have read again.
type Readers interface {
	// Stale lists who has pods, started before a time, that read one of the Secrets ("namespace/name") at their start and then
	// never again.
	Stale(ctx context.Context, secrets []string, before time.Time) ([]credential.Reader, error)
	// Restart starts the pods of readers anew, and returns once the old ones are gone.
	Restart(ctx context.Context, readers []credential.Reader, waiting func(string)) error
	// Refresh has the operator read everything anew that signs in with one of the Secrets, and returns once all that was well is well by
	// that. What was not well before does not count.
	Refresh(ctx context.Context, secrets []string, waiting func(string)) error
	// Mounted reports whether pods mount one of the Secrets as files, which the kubelet renews a while after a change.
	Mounted(ctx context.Context, secrets []string) (bool, error)
}

// usualMountLag is how long after a change of a Secret a pod that mounts it may still see the old one: the kubelet's sync period and
// the time to live of its cache (https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod).
const usualMountLag = 2 * time.Minute

// replacement is a key that another one replaces: a tag of the user, one per owner, that is written before the first Secret
// gets the new key and taken off when the old one is gone. Whoever finds it, rotate or up, goes on where the run ended that
// wrote it.
type replacement struct {
	id    string        // of the old key
	since time.Time     // AWS's time at which the Secrets began to get the new one
	grace time.Duration // how long the old one stays inactive before it is deleted
	// written says that all Secrets had the new key at since. Before, pods that start later than since may still read the old one.
	written bool
	idle    time.Time // since when it is inactive, by AWS's time; zero: it is active
	changed bool      // this run was told another grace than the tag has
}

// tags is the replacement as it stands on the user.
func (r replacement) tags(owner iamsetup.Owner) iamsetup.Tags {
	words := []string{r.id, r.since.UTC().Format(time.RFC3339), r.grace.String()}
	if r.written || !r.idle.IsZero() {
		words = append(words, swapped)
	}
	if !r.idle.IsZero() {
		words = append(words, r.idle.UTC().Format(time.RFC3339))
	}
	return iamsetup.Tags{iamsetup.TagReplacing + owner.String(): strings.Join(words, " ")}
}

// swapped is the word of a replacement that is written.
const swapped = "swapped"

// replacementOf is what the tags say of an owner's key; nil when nothing, or nothing that can be read.
func replacementOf(t iamsetup.Tags, owner iamsetup.Owner) *replacement {
	words := strings.Fields(t[iamsetup.TagReplacing+owner.String()])
	if len(words) < 3 {
		return nil
	}
	r := replacement{id: words[0]}
	var errs [3]error
	r.since, errs[0] = time.Parse(time.RFC3339, words[1])
	r.grace, errs[1] = time.ParseDuration(words[2])
	r.written = len(words) > 3 && words[3] == swapped
	if len(words) > 4 {
		r.idle, errs[2] = time.Parse(time.RFC3339, words[4])
	}
	if errors.Join(errs[:]...) != nil {
		return nil
	}
	return &r
}

// clockError is how far Clock may lag behind the service that notes a use: both dates are cut to the second.
const clockError = 2 * time.Second

// usedSince reports whether somebody tried the old key after it was made inactive.
func (r replacement) usedSince(use lastUse) bool { return use.At.After(r.idle.Add(clockError)) }

// judgeReplacement finds out what an earlier run came to that replaced a key and did not end.
func (d *decision) judgeReplacement() {
	if d.v.user == nil || d.v.user.Tags[iamsetup.TagReplacing+d.r.owner.String()] == "" {
		return
	}
	r := replacementOf(d.v.user.Tags, d.r.owner)
	switch {
	case r == nil:
		d.unreplace = "its announcement of a rotation cannot be read"
	case d.source == nil:
		d.unreplace = "no key works that could replace " + r.id
	case r.id == d.source.ID:
		d.unreplace = "the rotation ended before a Secret held the key that was to replace " + r.id
	case d.v.listed(r.id) == nil && !d.lags():
		d.unreplace = "access key " + r.id + " is gone"
	default:
		if k := d.v.listed(r.id); k != nil && k.Active {
			r.idle = time.Time{} // somebody made it active again, so that its use has to be ended again
		}
		if rotation := d.r.rotation; rotation != nil && rotation.Grace != nil && *rotation.Grace != r.grace {
			r.grace, r.changed = *rotation.Grace, true
		}
		d.replaced = r
	}
}

// mayBeReplaced reports whether a key of ours that is older than the one in use may be on its way out by a rotation that the
// user's tags do not show yet.
func (d *decision) mayBeReplaced(k listedKey) bool {
	return d.lags() && d.replaced == nil && k.Active && d.source != nil && k.Created.Before(d.created(d.source.ID))
}

// due is why a replaced key cannot be deleted yet; empty: nothing is in the way.
func (d *decision) due() string {
	r := d.replaced
	if r.idle.IsZero() {
		if stale := d.v.stale; len(stale) > 0 && !d.r.restarts() {
			return stillRead(stale)
		}
		if len(d.holding) > 0 {
			return "Secret " + words.Few(d.holding) + " still holds it: rotate with --adopt gives that the new key"
		}
		return ""
	}
	k := d.v.listed(r.id)
	switch end := r.idle.Add(r.grace); {
	case k != nil && r.usedSince(k.Use):
		return fmt.Sprintf("it is inactive, and somebody used it for %s at %s: find out who; `%s` makes it active again, and `%s` deletes it",
			k.Use.Service, k.Use.At.UTC().Format(time.RFC3339), activation(d.r.userName, r.id), d.deletion(r.id))
	case d.v.now.Before(end) && !d.r.waitsUntil(end):
		return "it is inactive, and is deleted by a rotate or up after " + end.UTC().Format(time.RFC3339)
	}
	return ""
}

// stillRead says who keeps a replaced key from its end.
func stillRead(stale []credential.Reader) string {
	return "pods of " + readerNames(stale) + " still have it, because they read it only at their start: restart them and run rotate again, or run rotate with --restart"
}

// restart says how a reader comes to have the new key.
func restart(r credential.Reader) string {
	if r.Command == "" {
		return "the old key is kept until they have ended"
	}
	return "to restart them: " + r.Command
}

func readerNames(readers []credential.Reader) string {
	var names []string
	for _, r := range readers {
		names = append(names, r.Name.String())
	}
	return words.Few(names)
}

// judgeRotation replaces the key that all would be well with.
func (d *decision) judgeRotation() {
	if d.r.rotation == nil || d.replaced != nil || len(d.blocks) > 0 {
		return
	}
	empty := !slices.ContainsFunc(d.v.held, func(h credential.Held) bool { return h.Key.ID != "" })
	if d.settle != "" && !empty {
		return
	}
	if d.source == nil {
		d.block(plan.Of(plan.AccessKey, ""), "no Secret holds a key of user "+d.r.userName+" that works, so there is none to replace",
			"gen3-bootstrap up with the same flags makes one")
		return
	}
	old := *d.source
	age := d.v.now.Sub(d.created(old.ID))
	if age < d.r.rotation.OlderThan {
		d.young = true
		return
	}
	if !d.v.user.Tags.Ours() && !d.v.anyUser { // whose announcements no later run would believe
		d.block(plan.Of(plan.AccessKey, old.ID), "user "+d.v.user.ARN+" was not made by gen3-bootstrap", "gen3-bootstrap up --adopt takes it over; then its key can be replaced")
		return
	}
	if !d.ours(old.ID) && !d.r.adopt {
		d.block(plan.Of(plan.AccessKey, old.ID), fmt.Sprintf("access key %s of user %s (%s) was not made by gen3-bootstrap for this namespace", old.ID, d.r.userName, d.describe(old.ID)),
			"--adopt replaces it all the same, and deletes it at the end")
		return
	}
	for _, c := range d.v.copies {
		if !c.InForm {
			d.block(plan.At(plan.Secret, c.Name), "Secret "+c.Name+" has access key "+old.ID+" in its text, and would be left with a dead one",
				"take the key out of it; what is made from a Helm release's values is changed there")
		}
	}
	if d.v.denied != "" {
		d.block(plan.Of(plan.AccessKey, old.ID), d.v.denied, "gen3-bootstrap verify says what is missing, and up makes it; then a new key can be proved")
	}
	d.old, d.source, d.fills, d.tag = &old, nil, nil, false
	d.why = fmt.Sprintf("access key %s is %s old and is replaced", old.ID, iamsetup.Age(age))
	d.judgeSecrets()
}

func (r keyRules) restarts() bool { return r.rotation != nil && r.rotation.Restart }

// waitsUntil reports whether this run can wait until then.
func (r keyRules) waitsUntil(end time.Time) bool {
	return r.deadline.IsZero() || end.Before(r.deadline)
}

// replacementChanges are the lines about the old key and about who reads it.
func (k *Up) replacementChanges() []plan.Change {
	p, d := k.plan, decision{v: k.view, r: k.rules(false), keyPlan: k.plan}
	var out []plan.Change
	add := func(action plan.Action, resource plan.Resource, reason string) {
		out = append(out, plan.Change{Step: Step, Resource: resource, Action: action, Reason: reason})
	}
	if p.old == nil && p.replaced == nil {
		return nil
	}
	idle := p.replaced != nil && !p.replaced.idle.IsZero()
	for _, r := range k.view.stale {
		switch {
		case idle:
		case d.r.restarts() && r.Restarts:
			add(plan.Update, r.Name, "restarted, since its pods read the key when they start ("+r.How+")")
		default:
			add(plan.None, r.Name, "its pods read the key when they start ("+r.How+"): "+restart(r))
		}
	}
	switch {
	case p.old != nil && len(k.view.stale) > 0 && !d.r.restarts():
		add(plan.None, plan.Of(plan.AccessKey, p.old.ID), "kept active until these have been started anew; a later rotate or up then ends it")
	case p.old != nil:
		add(plan.Delete, plan.Of(plan.AccessKey, p.old.ID), "replaced: made inactive once all have read the new one, and deleted "+graceWords(k.Rotation.grace()))
	default:
		what := "replaced by " + p.source.ID + " since " + p.replaced.since.UTC().Format(time.RFC3339)
		switch wait := d.due(); {
		case wait != "" && p.replaced.changed:
			add(plan.Update, plan.Of(plan.AccessKey, p.replaced.id), "its grace is "+p.replaced.grace.String()+" from now on; "+what+"; "+wait)
		case wait != "":
			add(plan.None, plan.Of(plan.AccessKey, p.replaced.id), what+"; "+wait)
		default:
			add(plan.Delete, plan.Of(plan.AccessKey, p.replaced.id), what)
		}
	}
	return out
}

func (r Rotation) grace() time.Duration {
	if r.Grace == nil {
		return 0
	}
	return *r.Grace
}

func graceWords(grace time.Duration) string {
	if grace <= 0 {
		return "at once"
	}
	return grace.String() + " later"
}

// secretNames are the Secrets whose readers count, copies included: of other namespaces those alone that have a key which works.
func (k *Up) secretNames() []string {
	var out []string
	for i, h := range k.view.held {
		counts := inNamespace(h.Name, k.Owner.Namespace) || k.view.proofs[i].verdict == accepted
		if counts && !h.Spare && !slices.Contains(out, h.Name) {
			out = append(out, h.Name)
		}
	}
	return out
}

// turning are the keys that a rotation is about: the one in use, and beside it one that an earlier run was replacing, of which
// copies may hold either.
func (p keyPlan) turning() []credential.Key {
	var out []credential.Key
	for _, key := range []*credential.Key{p.old, p.source} {
		if key != nil {
			out = append(out, *key)
		}
	}
	if p.replaced != nil {
		out = append(out, credential.Key{ID: p.replaced.id})
	}
	return out
}
