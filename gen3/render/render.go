package render

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
)

// defaultKube is the Kubernetes that is rendered for where no cluster is asked; the SDK's own default is 1.20, which charts refuse.
const defaultKube = "v1.33.0"

// Options say for what a chart is rendered.
type Options struct {
	Release   string
	Namespace string
}

// Rendered is what a chart makes of values.
type Rendered struct {
	Objects  []gen3.Object
	LeftOut  []LeftOut      // dependencies that are switched on and were not rendered
	Clashes  []string       // values that helm drops: a mapping and something else under one key
	Warnings []string       // files that are no YAML
	Values   map[string]any // with all defaults, as the templates see them
}

// Render renders the chart. The values are not changed.
func (c *Chart) Render(values map[string]any, o Options) (*Rendered, error) {
	ch := clone(c.chart)
	settled(ch)
	out := &Rendered{}
	var top chartutil.Values
	logged, err := quietly(func() (err error) {
		given := copyMap(values)
		if err := chartutil.ProcessDependenciesWithMerge(ch, given); err != nil {
			return err
		}
		top, err = chartutil.ToRenderValues(ch, given, chartutil.ReleaseOptions{
			Name: o.Release, Namespace: o.Namespace, Revision: 1, IsInstall: true,
		}, capabilities())
		return err
	})
	if err != nil {
		return nil, c.unmerged(err)
	}
	out.Clashes = logged
	if merged, ok := top["Values"].(chartutil.Values); ok {
		out.Values = merged
	}
	out.LeftOut = c.wanted(ch, out.Values)
	slim(ch)
	files, err := engine.Engine{}.Render(ch, top)
	if err != nil {
		return nil, c.explain(err, out.Values)
	}
	out.parse(files)
	return out, nil
}

func capabilities() *chartutil.Capabilities {
	out := chartutil.DefaultCapabilities.Copy()
	version, err := chartutil.ParseKubeVersion(defaultKube)
	if err == nil {
		out.KubeVersion = *version
	}
	return out
}

// settled clears the list of dependencies of each chart in which nothing has to be decided: those that are there have no condition, tag,
// other name or import. Helm leaves such a chart alone; for any other it copies the values of the whole deployment, which for some
// fifty subcharts takes longer than all their templates.
func settled(ch *chart.Chart) {
	there := map[string]bool{}
	for _, d := range ch.Dependencies() {
		there[d.Name()] = true
		settled(d)
	}
	open := func(d *chart.Dependency) bool {
		return there[d.Name] && (d.Condition != "" || len(d.Tags) > 0 || d.Alias != "" || len(d.ImportValues) > 0)
	}
	if !slices.ContainsFunc(ch.Metadata.Dependencies, open) {
		ch.Metadata.Dependencies = nil
	}
}

// slim takes away what is printed after an installation, and all copies but one of the library's templates, which each of some
// fifty subcharts has: to parse them takes longer than all else. The copy that is kept is the outermost, which counts for the engine.
func slim(ch *chart.Chart) {
	seen := map[string]bool{}
	level := []*chart.Chart{ch}
	for len(level) > 0 {
		var below []*chart.Chart
		for _, c := range level {
			c.Templates = slices.DeleteFunc(slices.Clone(c.Templates), func(f *chart.File) bool {
				if path.Base(f.Name) == "NOTES.txt" {
					return true
				}
				if c.Metadata.Type != "library" {
					return false
				}
				id := c.Name() + "/" + f.Name + "\x00" + string(f.Data)
				known := seen[id]
				seen[id] = true
				return known
			})
			below = append(below, c.Dependencies()...)
		}
		level = below
	}
}

// wanted are the dependencies that were left out although they are switched on, of charts that are themselves.
func (c *Chart) wanted(ch *chart.Chart, values map[string]any) []LeftOut {
	on := map[string]map[string]any{}
	var visit func(ch *chart.Chart, values map[string]any)
	visit = func(ch *chart.Chart, values map[string]any) {
		on[ch.Name()] = values
		for _, d := range ch.Dependencies() {
			below, _ := values[d.Name()].(map[string]any)
			visit(d, below)
		}
	}
	visit(ch, values)
	return slices.DeleteFunc(slices.Clone(c.leftOut), func(l LeftOut) bool {
		values, enabled := on[l.Parent]
		return !enabled || !switchedOn(l.Condition, values)
	})
}

// switchedOn judges the condition of a dependency as helm does: the first of its paths that is a boolean counts.
func switchedOn(condition string, values map[string]any) bool {
	for p := range strings.SplitSeq(condition, ",") {
		if v, err := chartutil.Values(values).PathValue(strings.TrimSpace(p)); err == nil {
			if on, ok := v.(bool); ok {
				return on
			}
		}
	}
	return true
}

// parse reads the rendered files one by one, so that one that is no YAML costs a warning and not the rest.
func (r *Rendered) parse(files map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		objects, err := Parse(name, files[name])
		r.Objects = append(r.Objects, objects...)
		if err != nil {
			r.Warnings = append(r.Warnings, err.Error())
		}
	}
}

// Parse reads the objects of one rendered file. The documents that are none are an error, which does not quote them.
func Parse(name, text string) ([]gen3.Object, error) {
	var out []gen3.Object
	var broken error
	for _, doc := range separator().Split(text, -1) {
		if blank(doc) {
			continue
		}
		content := map[string]any{}
		if err := yaml.Unmarshal([]byte(doc), &content); err != nil {
			broken = fmt.Errorf("render %s: what comes out is no YAML: what it makes is not known%s", name, whereBroken(err))
			continue
		}
		if len(content) > 0 {
			out = append(out, gen3.Object{Source: name, Content: content})
		}
	}
	return out, broken
}

// separator parts the documents of a file.
func separator() *regexp.Regexp { return documentLine }

var documentLine = regexp.MustCompile(`(?m)^---.*$`)

// whereBroken takes the line out of the parser's message, the rest of which may quote values.
func whereBroken(err error) string {
	if found := regexp.MustCompile(`line (\d+):`).FindStringSubmatch(err.Error()); found != nil {
		return ", from line " + found[1] + " of a document on"
	}
	return ""
}

func blank(doc string) bool {
	for line := range strings.Lines(doc) {
		if l := strings.TrimSpace(line); l != "" && !strings.HasPrefix(l, "#") {
			return false
		}
	}
	return true
}
