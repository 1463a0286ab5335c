package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// UnknownHost stands for the database's host in the render of what the chart makes, where no value gives it.
const UnknownHost = "host.invalid"

// State is what becomes of one secret.
type State string

// The states.
const (
	Make      State = "make"     // it can be made, and is missing
	Exists    State = "exists"   // it is never made again
	InUse     State = "in-use"   // its content lives in the cluster: it has to be pushed from there
	ByJob     State = "job"      // a job fills it
	Operators State = "operator" // only the operator can supply it
	Blocked   State = "blocked"  // it could be made if something else were right
)

// Content is what a Secret of Kubernetes holds, by key.
type Content map[string]redact.String

// Stored is a secret that exists in Secrets Manager, whatever it holds.
type Stored struct {
	Value content.Value
	Known bool // false: it is there and may not be read, or has no value, or is scheduled for deletion
}

// Found is what was looked at before anything is made.
type Found struct {
	Stored map[string]Stored  // in Secrets Manager, by name
	Live   map[string]Content // Secrets in the namespace, by name
}

// Secret is one secret of Secrets Manager.
type Secret struct {
	gen3.Requirement

	State State
	Why   string // of all but Make and Exists
	Hint  string // what to do about it, if not empty

	// Of Make: the whole of it, or else the properties of a JSON object.
	Text       redact.String
	Properties Content
	Role       bool     // it is for a role of a database that a job makes
	From       string   // what it is made of, such as "Secret fence-config of the chart"
	Fill       []string // what the chart leaves to the operator in it: paths within the content
	After      []string // secrets that have to be written before it: it takes a password from them
	Takes      []string // secrets that exist, and that it takes a password from
}

// Maker makes contents. What is random in it is the same each time it is asked.
type Maker struct {
	deployed gen3.Inventory
	local    gen3.Inventory // where the chart makes its Secrets itself
	made     map[string]Content
	source   map[string]string // template of each Secret that is made
	space    string
	fresh    map[string]string // random values, by what they are for
}

// New takes the deployment's inventory, and the objects of one render in which the chart makes its Secrets itself.
func New(deployed gen3.Inventory, made []gen3.Object, namespace string) *Maker {
	m := &Maker{deployed: deployed, local: gen3.Take(made), made: map[string]Content{}, source: map[string]string{}, space: namespace, fresh: map[string]string{}}
	for _, o := range made {
		if o.Kind() == "Secret" {
			m.made[o.Name()], m.source[o.Name()] = contentOf(o), o.Source
		}
	}
	return m
}

// Secrets are the names of the Secrets of Kubernetes that matter: those that ExternalSecrets make, and those that share a password with
// one of them.
func (m *Maker) Secrets() []string {
	var out []string
	for _, q := range m.deployed.Requirements {
		for _, target := range q.Targets() {
			out = words.AddOnce(out, target)
		}
	}
	for _, w := range m.deployed.Writers {
		if w.Kind == gen3.ByHelm && m.shares(w.Secret) {
			out = words.AddOnce(out, w.Secret)
		}
	}
	slices.Sort(out)
	return out
}

// Plan decides about every secret that the deployment reads, by name.
func (m *Maker) Plan(f Found) []Secret {
	p := m.pool(f)
	p.repair()
	p.share()
	out := make([]Secret, 0, len(m.deployed.Requirements))
	for _, q := range m.deployed.Requirements {
		out = append(out, p.decide(q))
	}
	unmakable := map[string]bool{}
	for _, s := range out {
		unmakable[s.Name] = s.State != Make && s.State != Exists
	}
	for i := range out {
		for _, name := range out[i].After {
			if out[i].State == Make && unmakable[name] {
				out[i] = out[i].blocked("it takes a password from "+name+", which is not made", "see "+name)
			}
		}
	}
	return out
}

func (s Secret) is(state State, why, hint string) Secret {
	return Secret{Requirement: s.Requirement, State: state, Why: why, Hint: hint}
}

func (s Secret) blocked(why, hint string) Secret { return s.is(Blocked, why, hint) }

// decide judges one secret by what the pool has for it.
func (p *pool) decide(q gen3.Requirement) Secret {
	s := Secret{Requirement: q, State: Make}
	if _, exists := p.found.Stored[q.Name]; exists {
		return s.is(Exists, "", "")
	}
	switch {
	case q.Name == "":
		return s.blocked("an ExternalSecret reads it under no name: "+q.Reads[0].By, "set the value for its name")
	case q.Contradicts():
		return s.blocked("it is read whole and by property: nothing can satisfy both", "give each its own name")
	}
	for _, target := range q.Targets() {
		if why := p.refused[target]; why.text != "" {
			return s.is(why.state, why.text, why.hint)
		}
		if p.inUse(q, target) {
			return s.is(InUse, fmt.Sprintf("Secret %s is in the cluster, and something may depend on what it holds", target),
				"push it from there")
		}
	}
	return p.fill(s)
}

// inUse reports whether the Secret is in the cluster with a content that would be made anew.
func (p *pool) inUse(q gen3.Requirement, target string) bool {
	live := p.found.Live[target]
	for _, r := range q.Reads {
		if r.Target != target {
			continue
		}
		if r.Shape == gen3.Extract && hasAny(live) || !live[r.Key].IsZero() {
			return true
		}
	}
	return false
}

func hasAny(c Content) bool {
	for _, v := range c {
		if !v.IsZero() {
			return true
		}
	}
	return false
}

// fill puts the content together in the shape in which it is read.
func (p *pool) fill(s Secret) Secret {
	var missing []string
	set := func(name string, v *value) {
		s.Takes = append(s.Takes, v.takes...)
		if s.Properties == nil {
			s.Properties = Content{}
		}
		if known, twice := s.Properties[name]; twice && !known.Equal(v.text) {
			s.Why = "Secrets that are made of it differ in " + name
		}
		s.Properties[name] = v.text
	}
	for _, r := range s.Reads {
		have := p.content[r.Target]
		if r.Shape == gen3.Extract {
			s.Role = s.Role || p.roles[r.Target]
			for _, key := range sorted(have) {
				set(key, have[key])
			}
			continue
		}
		v := have[r.Key]
		switch {
		case v == nil || v.text.IsZero():
			missing = words.AddOnce(missing, r.Key)
			continue
		case r.Shape == gen3.Whole && !s.Text.IsZero() && !s.Text.Equal(v.text):
			s.Why = "Secrets that are made of it differ"
		case r.Shape == gen3.Whole:
			s.Text = v.text
		default:
			set(r.Property, v)
		}
		if why := fits(r.Key, v.text); why != "" {
			return s.is(Operators, fmt.Sprintf("what the chart makes of your values as %s is %s", r.Key, why), "")
		}
		s.Fill = append(s.Fill, open(r.Key, v.text)...)
		s.After = append(s.After, v.after...)
		s.Takes = append(s.Takes, v.takes...)
	}
	for _, key := range s.Keys {
		if s.Properties[key].IsZero() {
			missing = words.AddOnce(missing, key)
		}
	}
	return p.judge(s, missing)
}

func (p *pool) judge(s Secret, missing []string) Secret {
	target := s.Targets()[0]
	switch {
	case s.Why != "":
		return s.blocked(s.Why, "give each its own name")
	case len(missing) == 0 && (!s.Text.IsZero() || hasAny(s.Properties)):
		s.From = "what the chart makes as Secret " + strings.Join(s.Targets(), ", Secret ")
		s.After = slices.DeleteFunc(s.After, func(name string) bool { return name == s.Name })
		s.Takes = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(s.Takes))), func(name string) bool { return name == s.Name })
		if len(s.Takes) > 0 {
			s.From += ", with a password of secret " + strings.Join(s.Takes, ", ")
		}
		return s
	case p.filledByJob(target):
		return s.is(ByJob, "a job fills Secret "+target+", once fence runs", "push it from the cluster then")
	case slices.Contains(missing, "client_id") && slices.Contains(missing, "client_secret"):
		return s.is(Operators, "an OIDC client is issued by a running fence alone", "have the chart's own job fill it, or put it there once fence runs")
	case len(missing) == 0:
		return s.is(Operators, "the chart itself makes nothing of it", "")
	}
	return s.is(Operators, "the chart itself makes nothing of "+strings.Join(missing, ", "), "")
}

// filledByJob reports whether a job writes the Secret, and more of it than that a database is ready.
func (p *pool) filledByJob(target string) bool {
	for _, w := range slices.Concat(p.deployed.WritersOf(target), p.local.WritersOf(target)) {
		if w.Kind == gen3.ByJob && !slices.Contains(w.Keys, createdKey) {
			return true
		}
	}
	return false
}
