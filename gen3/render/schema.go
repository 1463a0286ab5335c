package render

import (
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// Schema is which values a chart and those below it declare or read. Gen3's charts have no schema of their own.
type Schema struct{ root *knownKey }

// knownKey is a key of values. Below an open one may be more than is known.
type knownKey struct {
	below map[string]*knownKey
	open  bool
	left  bool // it is of a chart that was left out: nothing is known below
}

func (k *knownKey) child(name string) *knownKey {
	if k.below == nil {
		k.below = map[string]*knownKey{}
	}
	if k.below[name] == nil {
		k.below[name] = &knownKey{}
	}
	return k.below[name]
}

func (k *knownKey) at(path ...string) *knownKey {
	for _, name := range path {
		k = k.child(name)
	}
	return k
}

// declare takes what a values.yaml has: a mapping that is empty, a list or nothing is there to be filled.
func (k *knownKey) declare(v any) {
	m := tableOf(v)
	if len(m) == 0 {
		k.open = true
		return
	}
	for name, inner := range m {
		k.child(name).declare(inner)
	}
}

// Schema reads the values.yaml and templates of the chart and all those below it.
func (c *Chart) Schema() Schema {
	s := Schema{root: &knownKey{}}
	s.root.at("tags").open = true
	c.eachChart(func(ch *chart.Chart, scope []string) {
		own := s.root.at(scope...)
		for name, v := range ch.Values {
			if name == globalKey {
				s.root.child(globalKey).declare(v)
			}
			own.child(name).declare(v)
		}
		for _, d := range ch.Metadata.Dependencies {
			own.depends(d)
		}
		reader := scope
		if ch.Metadata.Type == "library" && len(scope) > 0 { // its templates see the values of the chart that has it
			reader = scope[:len(scope)-1]
		}
		for _, t := range ch.Templates {
			s.reads(reader, string(t.Data))
		}
	})
	for _, l := range c.leftOut {
		s.root.markEverywhere(l.Name)
	}
	return s
}

func (k *knownKey) depends(d *chart.Dependency) {
	for p := range strings.SplitSeq(d.Condition, ",") {
		if p = strings.TrimSpace(p); p != "" {
			k.at(strings.Split(p, ".")...).open = true
		}
	}
	name := d.Name
	if d.Alias != "" {
		name = d.Alias
	}
	k.child(name)
}

// markEverywhere marks what is known of a chart that was left out: its values are not known.
func (k *knownKey) markEverywhere(name string) {
	for key, below := range k.below {
		below.left = below.left || key == name
		below.markEverywhere(name)
	}
}

func (s Schema) reads(scope []string, text string) {
	for _, p := range readsOf(text) {
		if p[0] == globalKey {
			s.root.at(p...).open = true
		}
		s.root.at(append(slices.Clone(scope), p...)...).open = true
	}
}

// Known reports whether the key at the end of the path is declared or read.
func (s Schema) Known(path []string) bool {
	known, _ := s.find(path)
	return known
}

// MayBeRead reports whether the key may be read with one above it, all of which a template takes.
func (s Schema) MayBeRead(path []string) bool {
	known, within := s.find(path)
	return known || within
}

func (s Schema) find(path []string) (known, within bool) {
	k := s.root
	for _, name := range path {
		within = within || k.open
		next := k.below[name]
		if k.left || next == nil {
			return k.left || k.open, within
		}
		k = next
	}
	return true, within
}

// Beside are the keys that are known where the last one of the path stands.
func (s Schema) Beside(path []string) []string {
	k := s.root
	for _, name := range path[:len(path)-1] {
		if k = k.below[name]; k == nil {
			return nil
		}
	}
	var out []string
	for name := range k.below {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Elsewhere are the paths within the same chart, or among the globals, that end in the same key.
func (s Schema) Elsewhere(path []string) []string {
	start, key := path[0], path[len(path)-1]
	var out []string
	var walk func(k *knownKey, at []string)
	walk = func(k *knownKey, at []string) {
		for name, below := range k.below {
			here := append(slices.Clone(at), name)
			if name == key {
				out = append(out, strings.Join(here, "."))
			}
			walk(below, here)
		}
	}
	if k := s.root.below[start]; k != nil {
		walk(k, []string{start})
	}
	slices.Sort(out)
	return out
}

// Default is what the charts themselves say of a value.
func (c *Chart) Default(path []string) (v any, found bool) {
	if v, err := valueAt(c.chart.Values, path); err == nil && v != nil {
		return v, true
	}
	c.eachChart(func(ch *chart.Chart, scope []string) {
		rest := path
		switch {
		case len(scope) == 1 && path[0] == scope[0]:
			rest = path[1:]
		case len(scope) != 1 || path[0] != globalKey:
			return
		}
		if w, err := valueAt(ch.Values, rest); err == nil && w != nil && !found && len(rest) > 0 {
			v, found = w, true
		}
	})
	return v, found
}
