package helminstall

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

const valuesHint = "check --values and --set against the values that this chart version takes"

// rendering is what a chart makes of values: the documents of its templates, and what it was made of.
type rendering struct {
	chart     *chart.Chart // as it was loaded
	values    string
	documents []string
}

// render makes what Helm is about to make, as long as nothing is written yet: the chart's schema judges the values, and
// what follows judges the objects. The same chart and values are not rendered twice.
func (s *Step) render(ctx context.Context) (*rendering, error) {
	loaded, err := s.loadedChart(ctx)
	if err != nil {
		return nil, err
	}
	made := &rendering{chart: loaded}
	text, err := json.Marshal(s.wantedValues()) // Helm writes into what it is given
	if err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	if made.values = string(text); s.rendered != nil && s.rendered.chart == made.chart && s.rendered.values == made.values {
		return s.rendered, nil
	}
	copied := map[string]any{}
	if err := json.Unmarshal(text, &copied); err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	if made.documents, err = s.renderChart(ctx, loaded, copied); err != nil {
		return nil, hint.Refuse(fmt.Errorf("render chart %s %s: %w", loaded.Metadata.Name, loaded.Metadata.Version, words.BriefError{Err: err}), valuesHint)
	}
	s.rendered = made
	return made, nil
}

// wantedValues are those of the release that this run makes.
func (s *Step) wantedValues() map[string]any {
	if s.verdict.Theirs {
		return s.wanted.Asked
	}
	return s.wanted.Values
}

// loadedChart is the one that was downloaded, or the one that is stored with the release.
func (s *Step) loadedChart(ctx context.Context) (*chart.Chart, error) {
	switch {
	case s.next != nil:
		return s.next.Chart, nil
	case s.stored != nil && s.stored.revision == s.seen.base().Revision:
		return s.stored.chart, nil
	}
	e, err := s.newHelm(ctx)
	if err != nil {
		return nil, err
	}
	ch, err := s.chartFor(e)
	if err != nil {
		return nil, err
	}
	s.stored = &storedChart{ch, s.seen.base().Revision}
	return ch, nil
}

// storedChart is the chart of a revision of the release.
type storedChart struct {
	chart    *chart.Chart
	revision int
}

// renderChart goes Helm's way, over a copy of the chart, of which that takes parts away.
func (s *Step) renderChart(ctx context.Context, loaded *chart.Chart, values map[string]any) ([]string, error) {
	ch, err := copyOf(loaded)
	if err != nil {
		return nil, err
	}
	if v := ch.Metadata.KubeVersion; v != "" && !chartutil.IsCompatibleRange(v, s.apis.capabilities.KubeVersion.String()) {
		return nil, fmt.Errorf("it is for Kubernetes %s, and the cluster has %s", v, s.apis.capabilities.KubeVersion.String())
	}
	if err := chartutil.ProcessDependenciesWithMerge(ch, values); err != nil {
		return nil, err
	}
	install := s.seen.gone()
	all, err := chartutil.ToRenderValues(ch, values, chartutil.ReleaseOptions{
		Name: s.Settings.Release, Namespace: s.Namespace, Revision: 1, IsInstall: install, IsUpgrade: !install,
	}, s.apis.capabilities)
	if err != nil {
		return nil, err
	}
	sess, err := newSession(ctx, s.Config, s.Namespace, s.apis)
	if err != nil {
		return nil, err
	}
	files, err := engine.New(sess.config).Render(ch, all) // templates may look into the cluster
	if err != nil {
		return nil, err
	}
	var out []string
	for name, text := range files {
		if !strings.HasSuffix(name, "NOTES.txt") {
			out = append(out, stored.Documents(text)...)
		}
	}
	slices.Sort(out)
	return out, nil
}

// copyOf is a chart that may be changed. One that was read out of a release has no files of its own any more, and is
// rendered as it is: Helm stores it without what it would take away.
func copyOf(loaded *chart.Chart) (*chart.Chart, error) {
	if len(loaded.Raw) == 0 {
		return loaded, nil
	}
	files := make([]*loader.BufferedFile, 0, len(loaded.Raw))
	for _, f := range loaded.Raw {
		files = append(files, &loader.BufferedFile{Name: f.Name, Data: f.Data})
	}
	return loader.LoadFiles(files)
}
