package fragment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Wish is what values are to do beside having secrets read.
type Wish struct {
	Subchart       string   // these values are for this chart alone
	SeparateStores bool     // each chart reads from a SecretStore of its own
	KeepLocal      []string // CHART or CHART/SECRET: made by the chart, and not read from Secrets Manager
	CreateDB       bool     // the databases' credentials are made by the chart, and databases for them by its Jobs
	PushDB         bool     // the chart makes the databases' credentials and pushes them, and they are read from there
	NamePrefix     string   // before each name that the operator's values leave to the chart
}

// Proved is a fragment with what was seen of it.
type Proved struct {
	Values     map[string]any   // for helm -f, after the operator's own
	Before     *gen3.Inventory  // with the operator's values alone; nil: they do not render by themselves
	After      gen3.Inventory   // with the fragment over them
	Prefixed   []string         // names of Before that have the prefix now
	Local      []string         // Secrets of Kubernetes that the chart makes and the operator would without the wish
	KeySecrets []string         // Secrets of Kubernetes with the access key that SecretStores sign in with
	Pushes     bool             // the operator writes to Secrets Manager
	LeftOut    []render.LeftOut // dependencies that were not rendered
	Warnings   []string         // what the operator has to know or to do
}

// Make makes the values: those for signing in, and what the wish adds. The errors are everything that cannot work, with the reason.
func Make(chart *render.Chart, files, signIn map[string]any, w Wish, o render.Options) (*Proved, error) {
	m := &maker{chart: chart, files: files, values: signIn, options: o, out: &Proved{}}
	if w.Subchart != "" {
		if m.chart = chart.Part(w.Subchart); m.chart == nil {
			return nil, hint.With(fmt.Errorf("--subchart %s: chart %s has none of that name", w.Subchart, chart.Name()), "there are "+strings.Join(chart.Parts(), ", "))
		}
		m.values = merge(alone(), signIn)
		chart = m.chart
	}
	if before, err := chart.Render(files, o); err == nil {
		taken := gen3.Take(before.Objects)
		m.out.Before = &taken
	} else {
		m.warn("what was read before is not known: with your values alone it comes to: %v", err)
	}
	if w.CreateDB && w.PushDB {
		m.refuse("give one of them", "--create-db and --push-db: each makes passwords of its own, and the one that is pushed would open no database")
	}
	steps := []struct {
		wanted bool
		make   func() error
	}{
		{true, m.look},
		{w.SeparateStores, m.separateStores},
		{w.CreateDB && !w.PushDB, m.createDB},
		{w.PushDB && !w.CreateDB, m.pushDB},
		{len(w.KeepLocal) > 0, func() error { return m.keepLocal(w.KeepLocal) }},
		{w.NamePrefix != "", func() error { return m.prefixNames(w.NamePrefix) }},
		{true, m.prove},
	}
	for _, step := range steps {
		if !step.wanted {
			continue
		}
		if err := step.make(); err != nil { // nothing renders, so that nothing more can be said
			return nil, errors.Join(append(m.problems, err)...)
		}
	}
	if len(m.problems) > 0 {
		return nil, errors.Join(m.problems...)
	}
	m.out.Values = m.values
	return m.out, nil
}

// alone are the values that a chart of gen3 needs beside those for signing in to render without the others, which would else come from
// the umbrella's own.
func alone() map[string]any {
	return map[string]any{"global": map[string]any{
		"aws":             map[string]any{"useLocalSecret": map[string]any{"enabled": false}, "secretStoreServiceAccount": map[string]any{"enabled": false}},
		"gcp":             map[string]any{"enabled": false},
		"externalSecrets": map[string]any{"separateSecretStore": true, "clusterSecretStoreRef": ""},
	}}
}

// maker is one fragment in the making.
type maker struct {
	chart    *render.Chart
	files    map[string]any // the operator's
	values   map[string]any // the fragment so far
	options  render.Options
	problems []error
	out      *Proved

	start   gen3.Inventory // with the values for signing in alone
	now     *render.Rendered
	current gen3.Inventory // of now
}

// look renders what there is so far.
func (m *maker) look() error {
	rendered, err := m.with(nil)
	if err != nil {
		return err
	}
	first := m.now == nil
	m.now, m.current = rendered, gen3.Take(rendered.Objects)
	if first {
		m.start = m.current
		for _, key := range rendered.Clashes {
			m.warn("%s is a mapping in one place and something else in another: helm drops the latter", key)
		}
		m.out.Warnings = append(m.out.Warnings, rendered.Warnings...)
	}
	return nil
}

// with renders the operator's values, the fragment so far and some more.
func (m *maker) with(more map[string]any) (*render.Rendered, error) {
	return m.chart.Render(merge(merge(m.files, m.values), more), m.options)
}

// add takes values into the fragment.
func (m *maker) add(more map[string]any) error {
	m.values = merge(m.values, more)
	return m.look()
}

// nested is values with one alone.
func nested(path []string, v any) map[string]any {
	for i := len(path) - 1; i > 0; i-- {
		v = map[string]any{path[i]: v}
	}
	return map[string]any{path[0]: v}
}

func dotted(path []string) string { return strings.Join(path, ".") }

func (m *maker) warn(format string, args ...any) {
	m.out.Warnings = append(m.out.Warnings, fmt.Sprintf(format, args...))
}

func (m *maker) refuse(cure, format string, args ...any) {
	m.problems = append(m.problems, hint.With(fmt.Errorf(format, args...), cure))
}
