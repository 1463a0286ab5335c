package helminstall

import (
	"cmp"
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/postrender"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// run hands the verdict to Helm. Never atomic: its clean-up of a failed first install deletes the CRDs, with them
// every ExternalSecret of the cluster.
func (s *Step) run(ctx context.Context, e *helm) (*release.Release, error) {
	e.kube.check = s.preflight
	if s.verdict.Action == plan.Create {
		return s.install(ctx, e)
	}
	if err := settle(e, s.Settings.Release); err != nil {
		return nil, err
	}
	ch, err := s.chartFor(e)
	if err != nil {
		return nil, err
	}
	if s.verdict.Theirs {
		return s.upgrade(ctx, e, ch, s.wanted.Asked, nil)
	}
	return s.upgrade(ctx, e, ch, s.wanted.Values, keepCRDs{})
}

func (s *Step) install(ctx context.Context, e *helm) (*release.Release, error) {
	in := action.NewInstall(e.Configuration)
	in.ReleaseName, in.Namespace, in.Labels = s.Settings.Release, s.Namespace, s.labels()
	in.Timeout, in.DisableOpenAPIValidation = s.timeout(), true // the API server validates what it is sent
	in.PostRenderer = keepCRDs{}
	in.TakeOwnership = s.verdict.TakeOwnership
	if in.Replace = s.seen.Release != nil; in.Replace && s.seen.rest() {
		if err := settle(e, s.Settings.Release); err != nil {
			return nil, err
		}
	}
	ch, err := copyOf(s.next.Chart)
	if err != nil {
		return nil, err
	}
	return in.RunWithContext(ctx, ch, s.wanted.Values)
}

func (s *Step) upgrade(ctx context.Context, e *helm, ch *chart.Chart, vals map[string]any, post postrender.PostRenderer) (*release.Release, error) {
	up := action.NewUpgrade(e.Configuration)
	up.Namespace, up.Labels = s.Namespace, s.labels()
	up.Timeout, up.DisableOpenAPIValidation = s.timeout(), true
	up.ResetValues = true // vals are whole: what the release has is merged in already
	up.PostRenderer = post
	return up.RunWithContext(ctx, s.Settings.Release, ch, vals)
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

// settle marks a revision that was cut off as failed, since Helm refuses to go on from a pending one. Nothing is
// uninstalled. An operation that lives after all, and has ended since the last look, keeps what it stored.
func settle(e *helm, name string) error {
	last, err := e.Releases.Last(name)
	if err != nil {
		return fmt.Errorf("read stored release: %w", err)
	}
	if st := last.Info.Status; st == release.StatusDeployed || st == release.StatusFailed || st == release.StatusSuperseded {
		return nil
	}
	last.SetStatus(release.StatusFailed, fmt.Sprintf("left %s; marked failed by %s", last.Info.Status, stored.ManagedBy))
	e.secrets.Unchanged = true
	err = e.Releases.Update(last)
	e.secrets.Unchanged = false
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return fmt.Errorf("mark revision %d failed: %w", last.Version, errOvertaken)
	case err != nil:
		return fmt.Errorf("mark revision %d failed: %w", last.Version, err)
	}
	return nil
}

// chartFor is the downloaded chart, or the one that is stored with the release.
func (s *Step) chartFor(e *helm) (*chart.Chart, error) {
	if s.next != nil {
		return copyOf(s.next.Chart)
	}
	stored, err := e.Releases.Get(s.Settings.Release, s.seen.base().Revision)
	if err != nil {
		return nil, fmt.Errorf("read stored chart: %w", err)
	}
	return stored.Chart, nil
}
