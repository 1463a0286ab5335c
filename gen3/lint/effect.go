package lint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
)

// rendering is what values make, ready to be compared with another one.
type rendering struct {
	*render.Rendered

	inventory gen3.Inventory
	parts     map[string]part
}

// part is what is compared as one: an object, or one key of a Secret.
type part struct {
	text    string
	objects []any // that it is made of; of a key none
}

func (l *Linter) render(values map[string]any) (*rendering, error) {
	r, err := l.Chart.Render(values, l.Options)
	if err != nil {
		return nil, err
	}
	out := &rendering{Rendered: r, inventory: gen3.Take(r.Objects), parts: map[string]part{}}
	for _, o := range r.Objects {
		id := o.Source + " " + o.Ref()
		p := out.parts[id]
		if o.Kind() != "Secret" {
			text, err := json.Marshal(o.Content)
			if err != nil {
				return nil, fmt.Errorf("compare %s: %w", o.Ref(), err)
			}
			out.parts[id] = part{p.text + string(text), append(p.objects, o.Content)}
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			data, _ := o.Content[field].(map[string]any)
			for key, v := range data {
				out.parts[id+" "+key] = part{text: out.parts[id+" "+key].text + fmt.Sprint(v)}
			}
		}
		out.parts[id] = part{text: p.text + "-"}
	}
	return out, nil
}

// leaves are the values at the ends of what a part is made of, by their paths.
func (p part) leaves() map[string]string {
	out := map[string]string{}
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				walk(inner, path+"/"+key)
			}
		case []any:
			for i, inner := range v {
				walk(inner, fmt.Sprintf("%s/%d", path, i))
			}
		default:
			out[path] = fmt.Sprint(v)
		}
	}
	walk(p.objects, "")
	return out
}

// differing are the leaves that two parts do not have alike.
func differing(a, b part) map[string]bool {
	out := map[string]bool{}
	of, other := a.leaves(), b.leaves()
	for path, text := range of {
		if also, is := other[path]; !is || also != text {
			out[path] = true
		}
	}
	for path := range other {
		if _, is := of[path]; !is {
			out[path] = true
		}
	}
	return out
}

// chance is what two renders of the same values do not agree on: leaves by part, such as an annotation with the time. Of a key it is
// all.
type chance map[string]map[string]bool

// hides reports whether it is chance alone by which a part differs.
func (c chance) hides(id string, a, b part) bool {
	leaves, random := c[id]
	if !random {
		return false
	}
	for path := range differing(a, b) {
		if !leaves[path] {
			return false
		}
	}
	return true
}

// chanceIn compares two renders of the same values.
func chanceIn(a, b *rendering) chance {
	out := chance{}
	for id, p := range a.parts {
		if b.parts[id].text != p.text {
			out[id] = differing(p, b.parts[id])
		}
	}
	return out
}

// chartOf is the subchart whose template made a part, "" the umbrella itself.
func chartOf(part string) string {
	pieces := strings.SplitN(part, "/", 4)
	if len(pieces) > 3 && pieces[1] == "charts" {
		return pieces[2]
	}
	return ""
}

// differ counts by chart what differs, apart from what differs by chance.
func differ(a, b *rendering, random chance) map[string]int {
	out := map[string]int{}
	for id, p := range a.parts {
		also, is := b.parts[id]
		if !is || also.text != p.text && !random.hides(id, p, also) {
			out[chartOf(id)]++
		}
	}
	for id := range b.parts {
		if _, known := a.parts[id]; !known {
			out[chartOf(id)]++
		}
	}
	return out
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// trial is what comes of values without a key.
type trial struct {
	entry    entry
	affected bool
	size     int // how much differs
	renders  bool
	wrong    []contradiction // that there are without it
	shared   bool            // others were left out at the same time, of other charts
}

// try leaves each key out. Keys of different charts do not see each other, so that one render does for one of each.
func (l *Linter) try(base *rendering, random chance, entries []entry) []trial {
	var rounds [][]entry
	taken := map[string]int{}
	for _, e := range entries {
		if e.path[0] == "global" {
			rounds = append(rounds, []entry{e})
		}
	}
	globals := len(rounds)
	for _, e := range entries {
		if e.path[0] == "global" {
			continue
		}
		n := globals + taken[e.path[0]]
		taken[e.path[0]]++
		if n == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], e)
	}
	results := make([][]trial, len(rounds))
	var group errgroup.Group
	group.SetLimit(2)
	for i, round := range rounds {
		group.Go(func() error { results[i] = l.round(base, random, round); return nil })
	}
	_ = group.Wait() // what does not render is part of the answer
	return slices.Concat(results...)
}

func (l *Linter) round(base *rendering, random chance, round []entry) []trial {
	values := l.values
	for _, e := range round {
		values = without(values, e.path)
	}
	got, err := l.render(values)
	var changed map[string]int
	var wrong []contradiction
	if err == nil {
		changed = differ(base, got, random)
		wrong = contradictions(got)
	}
	if len(round) > 1 && (err != nil || changed[""] > 0) { // whose work it is cannot be told
		var out []trial
		for _, e := range round {
			out = append(out, l.round(base, random, []entry{e})...)
		}
		return out
	}
	var out []trial
	for _, e := range round {
		size := changed[e.path[0]]
		if len(round) == 1 {
			size = sum(changed)
		}
		out = append(out, trial{entry: e, affected: err != nil || size > 0, size: size, renders: err == nil, wrong: wrong, shared: len(round) > 1})
	}
	return out
}
