package gen3

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Requirement is what one secret of Secrets Manager must be, by all that read it.
type Requirement struct {
	Name       string   // in Secrets Manager
	Shapes     []Shape  // one, unless those who read it contradict each other
	Properties []string // of Property: all of one ExternalSecret must be there, or it writes nothing
	Keys       []string // of Extract: those that pods require
	Formats    []string // of Whole: what the keys' names promise, such as yaml
	Reads      []Read
	Readers    []Reader // of the Secrets of Kubernetes that are made of it
	Severity   Severity
}

// Contradicts reports whether no secret can satisfy all that read it.
func (r Requirement) Contradicts() bool {
	return slices.Contains(r.Shapes, Whole) && len(r.Shapes) > 1
}

// Targets are the Secrets of Kubernetes that are made of it.
func (r Requirement) Targets() []string {
	var out []string
	for _, read := range r.Reads {
		out = words.AddOnce(out, read.Target)
	}
	return out
}

func requirements(i Inventory) []Requirement {
	byName := map[string]*Requirement{}
	given := map[string][]string{} // by Secret of Kubernetes, the keys that single references give it
	for _, read := range i.Reads {
		if read.Key != "" {
			given[read.Target] = append(given[read.Target], read.Key)
		}
	}
	for _, read := range i.Reads {
		r := byName[read.Remote]
		if r == nil {
			r = &Requirement{Name: read.Remote, Severity: SyncOnly}
			byName[read.Remote] = r
		}
		r.add(read, i.ReadersOf(read.Target), given[read.Target])
	}
	out := make([]Requirement, 0, len(byName))
	for _, r := range byName {
		r.settle()
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Requirement) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// add takes in one more reference, with the readers of its Secret, and the keys that the Secret has from elsewhere.
func (r *Requirement) add(read Read, readers []Reader, given []string) {
	r.Reads = append(r.Reads, read)
	r.Shapes = words.AddOnce(r.Shapes, read.Shape)
	switch read.Shape {
	case Property:
		r.Properties = words.AddOnce(r.Properties, read.Property)
	case Whole:
		r.Formats = words.AddOnce(r.Formats, Format(read.Key))
	case Extract:
		for _, key := range read.Needs {
			r.Keys = words.AddOnce(r.Keys, key)
		}
		for _, reader := range readers {
			if reader.NeedsKey() && !slices.Contains(read.Template, reader.Key) && !slices.Contains(given, reader.Key) {
				r.Keys = words.AddOnce(r.Keys, reader.Key)
			}
		}
	}
	for _, reader := range readers {
		r.Readers = words.AddOnce(r.Readers, reader)
	}
}

// settle sorts, and judges what breaks without the secret.
func (r *Requirement) settle() {
	slices.Sort(r.Shapes)
	slices.Sort(r.Properties)
	slices.Sort(r.Keys)
	r.Formats = slices.DeleteFunc(r.Formats, func(f string) bool { return f == "" })
	slices.SortStableFunc(r.Readers, func(a, b Reader) int { return cmp.Compare(a.Severity(), b.Severity()) })
	if len(r.Readers) > 0 {
		r.Severity = r.Readers[0].Severity()
	}
}

// Format is what the name of a key promises of its content: yaml, json, private-key, env or aws-profile; "" is nothing.
func Format(key string) string {
	switch path.Ext(key) {
	case ".yaml", ".yml":
		return "yaml"
	case ".json":
		return "json"
	case ".pem":
		return "private-key"
	case ".env":
		return "env"
	}
	if key == "credentials" {
		return "aws-profile"
	}
	return ""
}

// Change is what differs of one secret between two deployments.
type Change struct {
	Name   string
	Before *Requirement // nil: it was not read
	After  *Requirement // nil: it is no longer read
}

// Compare lists what changes for Secrets Manager from one deployment to another.
func Compare(before, after []Requirement) []Change {
	var out []Change
	find := func(in []Requirement, name string) *Requirement {
		if i := slices.IndexFunc(in, func(r Requirement) bool { return r.Name == name }); i >= 0 {
			return &in[i]
		}
		return nil
	}
	for i := range before {
		b := &before[i]
		if a := find(after, b.Name); a == nil || !sameNeeds(*a, *b) {
			out = append(out, Change{Name: b.Name, Before: b, After: a})
		}
	}
	for i := range after {
		if find(before, after[i].Name) == nil {
			out = append(out, Change{Name: after[i].Name, After: &after[i]})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func sameNeeds(a, b Requirement) bool {
	return slices.Equal(a.Shapes, b.Shapes) && slices.Equal(a.Properties, b.Properties) && slices.Equal(a.Keys, b.Keys)
}
