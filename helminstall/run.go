package helminstall

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// newHelm sets Helm up over what was seen.
func (s *Step) newHelm(ctx context.Context) (*sdk.Helm, error) {
	return sdk.New(ctx, sdk.Options{
		Config: s.Config, APIs: s.apis, Release: owner.Owner{Release: s.Settings.Release, Namespace: s.Namespace},
		Secrets: stored.NewSecrets(ctx, s.Client.CoreV1().Secrets(s.Namespace), s.seen.secrets), Now: s.Now, Log: s.debug,
	})
}

// debug takes Helm's own log lines, which are for developers.
func (s *Step) debug(format string, args ...any) {
	if s.Log != nil {
		s.Log.Debug(fmt.Sprintf(format, args...), "step", s.Name())
	}
}

// run hands the verdict to Helm.
func (s *Step) run(ctx context.Context, h *sdk.Helm) (*release.Release, error) {
	change := sdk.Change{Values: s.wantedValues(), Labels: s.labels(), Timeout: s.timeout(), KeepCRDs: !s.verdict.FinishOnly, Check: s.preflight}
	install := s.verdict.Action == plan.Create
	change.TakeOwnership, change.Replace = s.verdict.TakeOwnership || len(s.ended) > 0, install && s.seen.Release != nil
	if !install || change.Replace && s.seen.rest() {
		if err := h.MarkFailed(); err != nil {
			return nil, err
		}
	}
	var err error
	if change.Chart, err = s.chartFor(h); err != nil {
		return nil, err
	}
	if install {
		return h.Install(ctx, change)
	}
	return h.Upgrade(ctx, change)
}

// labels mark the release. "null" takes a label away, in Helm's words.
func (s *Step) labels() map[string]string {
	if s.verdict.FinishOnly {
		return nil
	}
	out := map[string]string{stored.ManagedByLabel: stored.ManagedBy}
	switch {
	case s.next == nil && s.seen.Worked != nil: // not the label of the revision that failed
		out[stored.DigestLabel] = cmp.Or(s.seen.Worked.Labels[stored.DigestLabel], "null")
	case s.next == nil: // the chart is kept, and so is its label
	case s.next.Digest != "":
		out[stored.DigestLabel] = s.next.Digest
	case s.verdict.Action != plan.Create:
		out[stored.DigestLabel] = "null"
	}
	return out
}

// chartFor is the downloaded chart, or the one that is stored with the release.
func (s *Step) chartFor(e *sdk.Helm) (*chart.Chart, error) {
	if s.next != nil {
		return sdk.CopyOf(s.next.Chart)
	}
	stored, err := e.Releases.Get(s.Settings.Release, s.seen.base().Revision)
	if err != nil {
		return nil, fmt.Errorf("read stored chart: %w", err)
	}
	return stored.Chart, nil
}

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
	if s.verdict.FinishOnly {
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
