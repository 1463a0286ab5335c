package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

// entry is one key of a values file.
type entry struct {
	path         []string
	file         string
	line, column int
	leaf         bool // its value is no mapping with keys
	quoted       bool // its value is a string in the file
}

func (e entry) name() string { return strings.Join(e.path, ".") }

// keys are all keys of the files, in their order.
type keys struct{ all []entry }

// read adds the keys of a file, and finds those that stand there twice: the former counts for nothing, and YAML does not say so.
func (k *keys) read(f helmvalues.File, add func(Finding)) error {
	var document yaml.Node
	if err := yaml.Unmarshal(f.Text, &document); err != nil { // which helm's parser took
		return fmt.Errorf("parse values file %s: not strict YAML", f.Name)
	}
	if len(document.Content) > 0 {
		k.walk(document.Content[0], nil, f.Name, add)
	}
	return nil
}

func (k *keys) walk(n *yaml.Node, path []string, file string, add func(Finding)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			k.walk(value, path, file, add)
			continue
		}
		here := append(slices.Clone(path), key.Value)
		if before := first[key.Value]; before != nil {
			add(Finding{
				Rule: "duplicate-key", Level: Error, Path: strings.Join(here, "."), File: file, Line: key.Line, Column: key.Column,
				Message: fmt.Sprintf("%s stands here a second time: what line %d says of it counts for nothing", strings.Join(here, "."), before.Line),
				Hint:    "put both together",
			})
		}
		first[key.Value] = key
		target := value
		if value.Kind == yaml.AliasNode {
			target = value.Alias
		}
		k.all = append(k.all, entry{
			path: here, file: file, line: key.Line, column: key.Column, quoted: target.Kind == yaml.ScalarNode && target.Tag == "!!str",
			leaf: target.Kind != yaml.MappingNode || len(target.Content) == 0,
		})
		k.walk(value, here, file, add)
	}
}

// last is the key that counts: the last one in the last file.
func (k *keys) last(path string) (entry, bool) {
	for _, e := range slices.Backward(k.all) {
		if e.name() == path {
			return e, true
		}
	}
	return entry{}, false
}

// effective are the keys that count, each once.
func (k *keys) effective() []entry {
	var out []entry
	seen := map[string]bool{}
	for _, e := range slices.Backward(k.all) {
		if !seen[e.name()] {
			seen[e.name()] = true
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}

// without is the values without a key.
func without(values map[string]any, path []string) map[string]any {
	return with(values, path, nil, true)
}

// with is the values with another one for a key; the former are shared where they do not change.
func with(values map[string]any, path []string, v any, remove bool) map[string]any {
	out := make(map[string]any, len(values))
	maps.Copy(out, values)
	below, isMap := values[path[0]].(map[string]any)
	switch {
	case len(path) > 1 && isMap:
		out[path[0]] = with(below, path[1:], v, remove)
	case len(path) > 1:
	case remove:
		delete(out, path[0])
	default:
		out[path[0]] = v
	}
	return out
}

func valueAt(values map[string]any, path []string) any {
	var v any = values
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}
