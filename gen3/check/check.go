// Package check holds what a secret of Secrets Manager contains against what the deployment reads of it. Its functions are pure. What they
// say has names in it, and no content.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// State is what is wrong with a secret.
type State string

// The states of a secret that cannot be read at all.
const (
	Missing   State = "missing"
	Deleted   State = "scheduled-for-deletion" // the name is taken until it is restored or gone
	NoValue   State = "no-current-value"
	Denied    State = "denied"     // by a policy
	KeyDenied State = "kms-denied" // the KMS key that it is encrypted with may not be used
	BadName   State = "bad-name"   // no secret can have it
	TwoShapes State = "two-shapes" // read whole and in parts: no content satisfies both
)

// The states in which the operator writes nothing.
const (
	NotJSON       State = "not-json"
	NotObject     State = "not-an-object"
	LacksProperty State = "lacks-property"
)

// The states that the operator does not see, and that whoever reads the Secret of Kubernetes meets.
const (
	LacksKey      State = "lacks-key"
	Empty         State = "empty"
	Wrapped       State = "wrapped"        // a file within JSON, under its own name
	Unwrapped     State = "unwrapped"      // a file that should be within JSON
	DoubleEncoded State = "double-encoded" // JSON within a string of JSON
	Base64        State = "base64"         // of what should be plain
	WrongFormat   State = "wrong-format"   // not what the name of the key promises
)

// The states in which it is there, in its form, and will hardly do.
const (
	Placeholder State = "placeholder"
	Newline     State = "trailing-newline"
	BreaksURL   State = "breaks-url"      // a password that has to be quoted within postgresql://user:password@host
	InCluster   State = "in-cluster-host" // a database's host that only this cluster knows
	Unequal     State = "unequal"         // to what another secret says of the same password
	Unsynced    State = "unsynced"        // the Secret of Kubernetes holds something else
)

// starts reports whether pods start all the same.
func (s State) starts() bool {
	return slices.Contains([]State{Placeholder, Newline, BreaksURL, InCluster, Unequal, Unsynced}, s)
}

// Certain reports whether what reads it cannot work, however it is made.
func (s State) Certain() bool { return !s.starts() }

// Finding is one thing that is wrong with a secret.
type Finding struct {
	Name     string // of the secret
	State    State
	Severity gen3.Severity
	Blocks   bool   // the operator writes no Secret because of it
	At       string // the property or key; "" is all of it
	Says     string // what is wrong
	Near     string // the name that is there and most like the one that is not
	Cure     string // what to do
	By       []gen3.Reader
	Secrets  []string // of Kubernetes that it is about
}

// hit fills in whom it concerns and how badly.
func (f Finding) hit(name string, readers []gen3.Reader) Finding {
	f.Name, f.Severity = name, gen3.SyncOnly
	for i, r := range readers {
		f.By = words.AddOnce(f.By, r)
		f.Secrets = words.AddOnce(f.Secrets, r.Secret)
		if s := f.severity(r); i == 0 || s < f.Severity {
			f.Severity = s
		}
	}
	return f
}

// severity is what it does to one reader. Who can do without a Secret cannot do with a wrong one.
func (f Finding) severity(r gen3.Reader) gen3.Severity {
	wrong := !f.Blocks && f.State != Empty && r.Optional
	if wrong {
		r.Optional = false
	}
	if s := r.Severity(); s != gen3.StopsPods || !wrong && !f.State.starts() {
		return s
	}
	return gen3.AtUse
}

// Absent is a secret that cannot be read, which hits all its readers. Says and cure are the caller's, who asked AWS.
func Absent(q gen3.Requirement, state State, says, cure string) Finding {
	return Finding{State: state, Blocks: true, Says: says, Cure: cure}.hit(q.Name, q.Readers)
}

// Judge tells everything that is wrong with the content of a secret, the gravest first.
func Judge(q gen3.Requirement, v content.Value) []Finding {
	j := judge{requirement: q}
	if q.Contradicts() {
		j.add(q.Readers, Finding{State: TwoShapes, Says: "it is read whole and in parts: " + byShape(q), Cure: "give one of them another name in the gen3 chart's values"})
	}
	for _, read := range q.Reads {
		switch read.Shape {
		case gen3.Whole:
			j.file(read, "", v)
		case gen3.Property:
			j.property(read, v)
		case gen3.Extract:
			j.extract(read, v)
		}
	}
	return sorted(j.found)
}

func byShape(q gen3.Requirement) string {
	var out []string
	for _, read := range q.Reads {
		out = words.AddOnce(out, fmt.Sprintf("ExternalSecret %s takes %s", read.By, map[gen3.Shape]string{
			gen3.Whole: "all of it as it is", gen3.Property: "a property of its JSON", gen3.Extract: "the keys of its JSON",
		}[read.Shape]))
	}
	return strings.Join(out, ", ")
}

// judge collects what is wrong with one secret.
type judge struct {
	requirement gen3.Requirement
	found       []Finding
}

// add notes a finding, once for all that meet it. What the operator writes all the same and nobody reads harms nobody.
func (j *judge) add(readers []gen3.Reader, f Finding) {
	if len(readers) == 0 && !f.Blocks && f.State != TwoShapes {
		return
	}
	f = f.hit(j.requirement.Name, readers)
	i := slices.IndexFunc(j.found, func(o Finding) bool { return o.State == f.State && o.At == f.At && o.Says == f.Says })
	if i < 0 {
		j.found = append(j.found, f)
		return
	}
	j.found[i] = Finding{State: f.State, Blocks: f.Blocks, At: f.At, Says: f.Says, Near: f.Near, Cure: f.Cure}.hit(j.requirement.Name, append(slices.Clone(j.found[i].By), f.By...))
}

// of are the readers of the Secret that a reference goes into.
func (j *judge) of(read gen3.Read) []gen3.Reader {
	return slices.DeleteFunc(slices.Clone(j.requirement.Readers), func(r gen3.Reader) bool { return r.Secret != read.Target })
}

// ofKey are those that read one key of it. A template makes other keys of it.
func (j *judge) ofKey(read gen3.Read, key string) []gen3.Reader {
	return slices.DeleteFunc(j.of(read), func(r gen3.Reader) bool { return read.Template == nil && r.Key != "" && r.Key != key })
}

func sorted(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), strings.Compare(a.Name, b.Name))
	})
	return found
}

// needing are those of them that fail without the key. Who takes all that there is does not.
func (j *judge) needing(read gen3.Read, key string) []gen3.Reader {
	return slices.DeleteFunc(j.ofKey(read, key), func(r gen3.Reader) bool { return read.Template == nil && r.Key == "" })
}

// property judges JSON of which one part is taken. All parts of one ExternalSecret have to be there, or it writes nothing.
func (j *judge) property(read gen3.Read, v content.Value) {
	p := read.Property
	if v.Has(p) {
		part := v.At(p)
		j.file(read, p, part)
		j.credential(read, cmp.Or(read.Key, p), p, part, false)
		return
	}
	f := Finding{At: p, Blocks: true, Cure: "add property " + p + " to its JSON, or correct it in the gen3 chart's values"}
	form := v.Form()
	near := words.Nearest(p, v.Properties())
	switch inner := within(v); {
	case inner != "" && form != content.Object:
		f.State, f.Says, f.Cure = inner, fmt.Sprintf("it is %s, where JSON with property %s is read", worded(inner), p), "store the JSON object as it is"
	case near == "" && !j.hasAny(v) && gen3.Format(p) != "" && satisfies(gen3.Format(p), v.Text().Reveal()) == "":
		f.State, f.Says = Unwrapped, fmt.Sprintf("it is the content of %s itself, where JSON is read that has it as a property", p)
		f.Cure = fmt.Sprintf(`store {"%s": "…"}, with the content as a string`, p)
	case form == content.Text:
		f.State, f.Says = NotJSON, "it is no JSON, so that it has no property "+p
	case form == content.Scalar:
		f.State, f.Says = NotObject, "it is JSON, and no object, so that it has no property "+p
	default:
		f.State, f.Says, f.Near = LacksProperty, "it has no property "+p, near
		if near != "" {
			f.Says += "; there is " + near
		}
	}
	j.add(j.of(read), f)
}

// hasAny reports whether something of what is read is there, or something that looks like it.
func (j *judge) hasAny(v content.Value) bool {
	for _, name := range v.Properties() {
		if slices.Contains(j.requirement.Properties, name) || gen3.Format(name) != "" {
			return true
		}
	}
	return false
}

// extract judges a JSON object of which every key is taken. The operator takes what there is; pods need certain keys.
func (j *judge) extract(read gen3.Read, v content.Value) {
	needed := j.needed(read)
	if form := v.Form(); form != content.Object {
		f := Finding{State: NotJSON, Blocks: true, Says: "it is no JSON, where each key of an object is taken", Cure: "store a JSON object" + with(needed)}
		if form == content.Scalar {
			f.State, f.Says = NotObject, "it is JSON, and no object, where each key of one is taken"
		}
		if inner := within(v); inner != "" {
			f.State, f.Says, f.Cure = inner, "it is "+worded(inner)+", where each key of a JSON object is taken", "store the JSON object as it is"
		}
		j.add(j.of(read), f)
		return
	}
	entries := v.Entries()
	if inside := wrapping(entries, needed); inside != "" {
		j.add(j.of(read), Finding{State: Wrapped, At: inside, Says: "what is read is one level down, below " + inside, Cure: "store the object that is below " + inside})
		return
	}
	for _, key := range needed {
		part, there := entries[key]
		f := Finding{At: key, Cure: "add key " + key + " to its JSON"}
		switch {
		case !there:
			f.State, f.Says, f.Near = LacksKey, "it has no key "+key, words.Nearest(key, v.Properties())
			if f.Near != "" {
				f.Says += "; there is " + f.Near
			}
		case strings.TrimSpace(part.Text().Reveal()) == "":
			f.State, f.Says, f.Cure = Empty, "key "+key+" is empty", "put a value into it"
		default:
			continue
		}
		j.add(j.needing(read, key), f)
	}
	_, database := entries["host"]
	for _, key := range v.Properties() {
		part := entries[key]
		if text := part.Text().Reveal(); gen3.Format(key) != "" && strings.TrimSpace(text) != "" {
			r := read
			r.Key = key
			j.file(r, key, part)
		}
		j.credential(read, key, key, part, database)
	}
}

// needed are the keys that its readers fail without, and that nothing else puts into the same Secret.
func (j *judge) needed(read gen3.Read) []string {
	out := slices.Clone(read.Needs)
	for _, r := range j.of(read) {
		if r.NeedsKey() && !slices.Contains(read.Template, r.Key) && slices.Contains(j.requirement.Keys, r.Key) {
			out = words.AddOnce(out, r.Key)
		}
	}
	slices.Sort(out)
	return out
}

func with(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return " with " + strings.Join(keys, ", ")
}

// wrapping is the only key of an object, when it holds all that is read and the object itself nothing of that.
func wrapping(entries map[string]content.Value, needed []string) string {
	if len(entries) != 1 || len(needed) == 0 {
		return ""
	}
	for name, inner := range entries {
		inside := inner.Entries()
		if !slices.ContainsFunc(needed, func(key string) bool { _, there := inside[key]; return !there || key == name }) {
			return name
		}
	}
	return ""
}
