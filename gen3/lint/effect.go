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
	parts     map[string]string // object to what it says
}

func (l *Linter) render(values map[string]any) (*rendering, error) {
	r, err := l.Chart.Render(values, l.Options)
	if err != nil {
		return nil, err
	}
	out := &rendering{Rendered: r, inventory: gen3.Take(r.Objects), parts: map[string]string{}}
	for _, o := range r.Objects {
		id := o.Source + " " + o.Ref()
		if o.Kind() == "Secret" {
			for _, field := range []string{"data", "stringData"} {
				data, _ := o.Content[field].(map[string]any)
				for key, v := range data {
					out.parts[id+" "+key] += fmt.Sprint(v)
				}
			}
		}
		if o.Kind() != "Secret" {
			text, err := json.Marshal(o.Content)
			if err != nil {
				return nil, fmt.Errorf("compare %s: %w", o.Ref(), err)
			}
			out.parts[id] += string(text)
			continue
		}
		out.parts[id] += "-"
	}
	return out, nil
}

// chartOf is the subchart whose template made a part, "" the umbrella itself.
func chartOf(part string) string {
	pieces := strings.SplitN(part, "/", 4)
	if len(pieces) > 3 && pieces[1] == "charts" {
		return pieces[2]
	}
	return ""
}

// differ counts by chart what differs, apart from what differs between two renders of the same.
func differ(a, b *rendering, random map[string]bool) map[string]int {
	out := map[string]int{}
	for part, text := range a.parts {
		if b.parts[part] != text && !random[part] {
			out[chartOf(part)]++
		}
	}
	for part := range b.parts {
		if _, known := a.parts[part]; !known && !random[part] {
			out[chartOf(part)]++
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

// randomIn are the parts that two renders of the same values do not agree on.
func randomIn(a, b *rendering) map[string]bool {
	out := map[string]bool{}
	for part, text := range a.parts {
		if b.parts[part] != text {
			out[part] = true
		}
	}
	return out
}

// trial is what comes of values without a key.
type trial struct {
	entry    entry
	affected bool
	size     int        // how much differs
	without  *rendering // nil: it does not render
	shared   bool       // others were left out at the same time, of other charts
}

// try leaves each key out. Keys of different charts do not see each other, so that one render does for one of each.
func (l *Linter) try(base *rendering, random map[string]bool, entries []entry) []trial {
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

func (l *Linter) round(base *rendering, random map[string]bool, round []entry) []trial {
	values := l.values
	for _, e := range round {
		values = without(values, e.path)
	}
	got, err := l.render(values)
	var changed map[string]int
	if err == nil {
		changed = differ(base, got, random)
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
		out = append(out, trial{entry: e, affected: err != nil || size > 0, size: size, without: got, shared: len(round) > 1})
	}
	return out
}
