package helminstall

import (
	"context"
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
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

// renderChart goes Helm's way, as for the release that this run makes.
func (s *Step) renderChart(ctx context.Context, loaded *chart.Chart, values map[string]any) ([]string, error) {
	install := s.seen.gone()
	return sdk.Render(ctx, s.Config, s.apis, loaded, values, chartutil.ReleaseOptions{
		Name: s.Settings.Release, Namespace: s.Namespace, Revision: 1, IsInstall: install, IsUpgrade: !install,
	})
}
