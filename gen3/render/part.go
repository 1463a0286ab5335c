package render

import (
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// Part is one of the charts directly below this one, by the name that values know it by, as a chart that stands alone; nil where there
// is none. The chart itself is its own part.
func (c *Chart) Part(name string) *Chart {
	if name == c.Name() {
		return c
	}
	for _, d := range aliased(c.chart).Dependencies() {
		if d.Name() != name || d.Metadata.Type == "library" {
			continue
		}
		out := &Chart{chart: clone(d)}
		for _, l := range c.leftOut {
			if l.Parent == name {
				out.leftOut = append(out.leftOut, l)
			}
		}
		return out
	}
	return nil
}

// Parts are the names of the charts directly below this one that can be parts of it.
func (c *Chart) Parts() []string {
	var out []string
	for _, d := range aliased(c.chart).Dependencies() {
		if d.Metadata.Type != "library" {
			out = append(out, d.Name())
		}
	}
	slices.Sort(out)
	return out
}

// Of are the values that a part sees, globals and all, of those that the whole was rendered with.
func (r *Rendered) Of(part string) map[string]any {
	v, _ := valueAt(r.Values, []string{part})
	return copyMap(tableOf(v))
}

// Switches are the paths of the values directly below a mapping that are on, off or nothing, whether a values.yaml declares them or a
// template reads them. What one of them does, a render tells.
func (c *Chart) Switches(merged map[string]any, below ...string) [][]string {
	found := map[string]bool{}
	add := func(path []string) {
		switch v, _ := valueAt(merged, path); v.(type) {
		case nil, bool:
			found[strings.Join(path, ".")] = true
		}
	}
	v, _ := valueAt(merged, below)
	for key := range tableOf(v) {
		add(append(slices.Clone(below), key))
	}
	c.eachChart(func(ch *chart.Chart, scope []string) {
		for _, t := range ch.Templates {
			for _, p := range readsOf(string(t.Data)) {
				if len(scope) > 0 && p[0] != globalKey {
					continue
				}
				if len(p) == len(below)+1 && slices.Equal(p[:len(below)], below) {
					add(p)
				}
			}
		}
	})
	var out [][]string
	for path := range found {
		out = append(out, strings.Split(path, "."))
	}
	slices.SortFunc(out, slices.Compare[[]string])
	return out
}
