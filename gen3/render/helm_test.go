package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
)

// asHelm renders as helm does, with nothing left out beforehand.
func asHelm(t *testing.T, c *Chart, values map[string]any) []gen3.Object {
	t.Helper()
	ch, given := clone(c.chart), copyMap(values)
	if err := chartutil.ProcessDependenciesWithMerge(ch, given); err != nil {
		t.Fatal(err)
	}
	o := options()
	top, err := chartutil.ToRenderValues(ch, given, chartutil.ReleaseOptions{Name: o.Release, Namespace: o.Namespace, Revision: 1, IsInstall: true}, capabilities())
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Engine{}.Render(ch, top)
	if err != nil {
		t.Fatal(err)
	}
	var out Rendered
	out.parse(files)
	return out.Objects
}

// TestRendersAsHelm: what is left out to be faster changes nothing.
func TestRendersAsHelm(t *testing.T) {
	t.Parallel()
	random := cmpopts.IgnoreMapEntries(func(key string, _ any) bool { return key == "rolled" })
	for name, test := range map[string]struct {
		chart  *Chart
		values map[string]any
	}{
		"the umbrella":           {load(t, gen3test.New), deploy(nil)},
		"charts on and off":      {load(t, gen3test.New), deploy(map[string]any{"sower": map[string]any{"enabled": true}, "fence": map[string]any{"enabled": false}})},
		"of the old version":     {load(t, gen3test.Old), deploy(nil)},
		"everything that may be": {odd(), nil},
		"a tag that is on":       {odd(), map[string]any{"tags": map[string]any{"extra": true}, "other": map[string]any{"said": "here"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.chart.Render(test.values, options())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asHelm(t, test.chart, test.values), got.Objects, random); diff != "" || len(got.Objects) == 0 {
				t.Errorf("%d objects: %s", len(got.Objects), diff)
			}
		})
	}
}

// odd has dependencies under another name, by tag and with imported values.
func odd() *Chart {
	sub := func(name string) *chart.Chart {
		return &chart.Chart{
			Metadata:  &chart.Metadata{Name: name, Version: "1.0.0", Type: "application"},
			Values:    map[string]any{"said": "by " + name, "exports": map[string]any{"all": map[string]any{"imported": name}}},
			Templates: []*chart.File{{Name: "templates/x.yaml", Data: []byte("kind: X\nmetadata: {name: {{ .Chart.Name }}}\nsaid: {{ .Values.said }}\n")}},
		}
	}
	top := sub("top")
	top.Templates[0].Data = append(top.Templates[0].Data, "imported: {{ .Values.imported }}\n"...)
	top.Metadata.Dependencies = []*chart.Dependency{
		{Name: "plain", Version: "*"},
		{Name: "plain", Version: "*", Alias: "other"},
		{Name: "imports", Version: "*", ImportValues: []any{"all"}},
		{Name: "tagged", Version: "*", Tags: []string{"extra"}},
		{Name: "off", Version: "*", Condition: "off.enabled"},
		{Name: "absent", Version: "*"},
	}
	for _, name := range []string{"plain", "imports", "tagged", "off", "unnamed"} {
		top.AddDependency(sub(name))
	}
	top.Values["off"] = map[string]any{"enabled": false}
	return &Chart{chart: top}
}
