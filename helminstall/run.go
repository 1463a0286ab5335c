package helminstall

import (
	"cmp"
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
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
	change := sdk.Change{Values: s.wantedValues(), Labels: s.labels(), Timeout: s.timeout(), KeepCRDs: !s.verdict.Theirs, Check: s.preflight}
	install := s.verdict.Action == plan.Create
	change.TakeOwnership, change.Replace = s.verdict.TakeOwnership, install && s.seen.Release != nil
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
	if s.verdict.Theirs {
		return nil
	}
	out := map[string]string{stored.ManagedByLabel: stored.ManagedBy}
	switch {
	case s.next == nil && s.seen.Worked != nil: // not the label of the revision that failed
		out[stored.DigestLabel] = cmp.Or(s.seen.Worked.Labels[stored.DigestLabel], "null")
	case s.next == nil: // the chart stays, and so does its label
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
