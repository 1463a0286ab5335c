package render

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
)

// Origin says which value sets the name of a secret.
type Origin struct {
	Path       string // such as indexd.externalSecrets.serviceCreds
	Kubernetes bool   // the value also becomes a name in Kubernetes
}

// position is where an ExternalSecret names a secret, by which it is known again in another render, under whatever name.
type position struct {
	source string // template
	nth    int    // ExternalSecret within it
	ref    int    // reference within that
}

// Origins finds out which value sets which name: a word of its own goes into every value that may set one, the chart is rendered once
// more, and the words are looked for where the names were. The answers are by the reference's ID.
func (c *Chart) Origins(values map[string]any, o Options, first *Rendered) (map[string]Origin, error) {
	words := map[string]string{}
	marked := copyMap(values)
	for n, path := range c.candidates(first.Values) {
		word := fmt.Sprintf("g3name%03dx", n)
		words[word] = strings.Join(path, ".")
		put(marked, path, word)
	}
	again, err := c.Render(marked, o)
	if err != nil {
		return nil, err
	}
	out := map[string]Origin{}
	unmarked := places(gen3.Take(first.Objects).Reads)
	found := regexp.MustCompile(`g3name\d{3}x`)
	asName := map[string]bool{}
	for _, object := range again.Objects {
		for _, word := range found.FindAllString(object.Name(), -1) {
			asName[word] = true
		}
	}
	for at, read := range places(gen3.Take(again.Objects).Reads) {
		if word := found.FindString(read.Remote); words[word] != "" {
			out[unmarked[at].ID()] = Origin{Path: words[word], Kubernetes: asName[word]}
		}
	}
	return out, nil
}

// OriginsOf is Origins for references that were not rendered here, such as those of live objects: they are known again by ExternalSecret, place
// and name. Those that the chart does not make with these values have none.
func (c *Chart) OriginsOf(values map[string]any, o Options, reads []gen3.Read) (map[string]Origin, error) {
	first, err := c.Render(values, o)
	if err != nil {
		return nil, err
	}
	found, err := c.Origins(values, o, first)
	if err != nil {
		return nil, err
	}
	type mark struct {
		by, remote string
		place      int
	}
	of := func(r gen3.Read) mark { return mark{r.By, r.Remote, r.Place} }
	known := map[mark]Origin{}
	for _, r := range gen3.Take(first.Objects).Reads {
		known[of(r)] = found[r.ID()]
	}
	out := map[string]Origin{}
	for _, r := range reads {
		if origin := known[of(r)]; origin.Path != "" {
			out[r.ID()] = origin
		}
	}
	return out, nil
}

// places gives each reference its position.
func places(reads []gen3.Read) map[position]gen3.Read {
	out := map[position]gen3.Read{}
	nth := map[string][]string{} // by template, the ExternalSecrets in it
	for _, r := range reads {
		if !slices.Contains(nth[r.Source], r.By) {
			nth[r.Source] = append(nth[r.Source], r.By)
		}
		out[position{r.Source, slices.Index(nth[r.Source], r.By), r.Place}] = r
	}
	return out
}

// put sets a value, making the mappings on its way.
func put(values map[string]any, path []string, v any) {
	for _, key := range path[:len(path)-1] {
		below, ok := values[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			values[key] = below
		}
		values = below
	}
	values[path[len(path)-1]] = v
}

// switches are the keys beside the names that are none.
func switches() []string {
	return []string{"pushSecret", "deploy", "apiVersion", "clusterSecretStoreRef", "separateSecretStore", "dbCreate", "enabled"}
}

const namesKey = "externalSecrets"

// candidates are the values that may set a name: those beside each chart's other names, declared or read, and those that are in use
// under another key of the globals.
func (c *Chart) candidates(merged map[string]any) [][]string {
	var out [][]string
	seen := map[string]bool{}
	add := func(path ...string) {
		key := path[len(path)-1]
		if seen[strings.Join(path, ".")] || strings.HasPrefix(key, "create") || slices.Contains(switches(), key) {
			return
		}
		switch v, _ := valueAt(merged, path); v.(type) {
		case nil, string:
			seen[strings.Join(path, ".")] = true
			out = append(out, path)
		}
	}
	c.eachChart(func(ch *chart.Chart, scope []string) {
		declared := tableOf(ch.Values[namesKey])
		for _, key := range sorted(declared) {
			add(append(slices.Clone(scope), namesKey, key)...)
		}
		for _, t := range ch.Templates {
			for _, p := range readsOf(string(t.Data)) {
				switch {
				case len(p) == 2 && p[0] == namesKey && ch.Metadata.Type != "library":
					add(append(slices.Clone(scope), p...)...)
				case len(p) == 3 && p[0] == globalKey && p[1] == namesKey:
					add(p...)
				}
			}
			if strings.Contains(string(t.Data), "common.externalSecret.db") || strings.Contains(string(t.Data), "common.db-push-secret") {
				add(append(slices.Clone(scope), namesKey, "dbcreds")...)
			}
		}
	})
	for _, p := range [][]string{{globalKey, "postgres", "externalSecret"}, {globalKey, "aws", namesKey, "externalSecretAwsCreds"}} {
		if v, _ := valueAt(merged, p); v != nil && v != "" { // a word would switch it on
			add(p...)
		}
	}
	return out
}

func (ch chartWalk) visit(c *chart.Chart, scope []string) {
	ch(c, scope)
	for _, d := range c.Dependencies() {
		ch.visit(d, append(slices.Clone(scope), d.Name()))
	}
}

// chartWalk is called for a chart and each of those below it, with the path of its values.
type chartWalk func(ch *chart.Chart, scope []string)

// eachChart visits the chart and its dependencies under the names that values know them by.
func (c *Chart) eachChart(visit chartWalk) { visit.visit(aliased(c.chart), nil) }

// aliased is the chart with its dependencies under the names that its values have for them.
func aliased(ch *chart.Chart) *chart.Chart {
	out := clone(ch)
	for _, want := range out.Metadata.Dependencies {
		for _, d := range out.Dependencies() {
			if want.Alias != "" && d.Name() == want.Name {
				d.Metadata.Name = want.Alias
			}
		}
	}
	return out
}

func sorted(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}
