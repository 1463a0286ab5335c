package generate

import (
	"encoding/base64"
	"maps"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// value is what one key of a Secret of Kubernetes is to hold.
type value struct {
	text  redact.String
	fixed bool     // it exists already, in Secrets Manager or in the cluster, and stays as it is
	after []string // secrets of Secrets Manager that it takes something from, and that are made as well
	takes []string // secrets of Secrets Manager that it takes something from, and that exist
}

// pool is what the Secrets of Kubernetes are to hold, put together from what exists and what the chart makes.
type pool struct {
	*Maker

	found   Found
	content map[string]map[string]*value // by Secret and key
	refused map[string]refusal           // by Secret: why it is not made
	roles   map[string]bool              // Secrets whose user is a role of a database
}

type refusal struct {
	state      State
	text, hint string
}

// pool takes what the chart makes, and lays what exists over it.
func (m *Maker) pool(f Found) *pool {
	p := &pool{Maker: m, found: f, content: map[string]map[string]*value{}, refused: map[string]refusal{}, roles: map[string]bool{}}
	for name, content := range m.made {
		for key, text := range content {
			p.put(name, key, &value{text: text})
		}
	}
	for name, content := range f.Live {
		for key, text := range content {
			if !text.IsZero() {
				p.put(name, key, &value{text: text, fixed: true})
			}
		}
	}
	for _, q := range m.deployed.Requirements {
		s, exists := f.Stored[q.Name]
		for _, r := range q.Reads {
			if exists {
				p.take(r, s)
			}
		}
	}
	return p
}

func (p *pool) put(secret, key string, v *value) {
	if p.content[secret] == nil {
		p.content[secret] = map[string]*value{}
	}
	p.content[secret][key] = v
}

// take lays a secret that exists over what the chart makes. One that may not be read, or lacks a key, leaves a value that nobody knows.
func (p *pool) take(r gen3.Read, s Stored) {
	if r.Shape == gen3.Extract { // what the chart would make beside it counts for nothing
		for _, v := range p.content[r.Target] {
			v.text, v.fixed = redact.String{}, true
		}
	}
	switch {
	case !s.Known && r.Shape == gen3.Extract:
	case !s.Known:
		p.put(r.Target, r.Key, &value{fixed: true})
	case r.Shape == gen3.Whole:
		p.put(r.Target, r.Key, &value{text: s.Value.Text(), fixed: true})
	case r.Shape == gen3.Property:
		p.put(r.Target, r.Key, &value{text: s.Value.At(r.Property).Text(), fixed: true})
	default:
		for key, v := range s.Value.Entries() {
			p.put(r.Target, key, &value{text: v.Text(), fixed: true})
		}
	}
}

// remoteOf are the secrets of Secrets Manager that a key of a Secret is made of.
func (p *pool) remoteOf(secret, key string) []string {
	var out []string
	for _, q := range p.deployed.Requirements {
		for _, r := range q.Reads {
			if r.Target == secret && (r.Shape == gen3.Extract || r.Key == key) {
				out = append(out, q.Name)
			}
		}
	}
	return out
}

// existing are those secrets of Secrets Manager that a key of a Secret is made of, and that exist.
func (p *pool) existing(secret, key string) []string {
	return slices.DeleteFunc(p.remoteOf(secret, key), func(name string) bool { _, ok := p.found.Stored[name]; return !ok })
}

// contentOf is what a Secret of a render holds.
func contentOf(o gen3.Object) Content {
	out := Content{}
	data, _ := o.Content["data"].(map[string]any)
	for key, v := range data {
		text, _ := v.(string)
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			plain = nil // Kubernetes would not take it
		}
		out[key] = redact.New(string(plain))
	}
	plain, _ := o.Content["stringData"].(map[string]any)
	for key, v := range plain {
		text, _ := v.(string)
		out[key] = redact.New(text)
	}
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
