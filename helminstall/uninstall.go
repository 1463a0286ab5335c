package helminstall

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
)

// runUninstall hands the uninstall to Helm, once the stored manifest keeps the CRDs: Helm reads that, not the live
// objects, so annotating them would save nothing.
func (s *Step) runUninstall(ctx context.Context) (err error) {
	if s.apis, err = discoverAPIs(ctx, s.Config); err != nil {
		return err
	}
	e, err := s.newHelm(ctx)
	if err != nil {
		return err
	}
	if !keepsCRDs(s.seen.Release.Manifest) {
		if err := s.keepFirst(e); err != nil {
			return fmt.Errorf("store the annotation that keeps the CRDs: %w", err)
		}
	}
	un := action.NewUninstall(e.Configuration)
	un.Timeout = s.timeout()
	_, err = un.Run(s.Settings.Release)
	if err != nil {
		return errors.Join(err, e.kube.cause())
	}
	return e.secrets.err()
}

// keepFirst annotates the CRDs in the manifest of the newest revision, which is the one that an uninstall reads. Only
// the stored text and the live CRDs change; a second upgrade of all objects just before they go would be for nothing,
// and it could fail on what is broken already.
func (s *Step) keepFirst(e *helm) error {
	last, err := e.Releases.Last(s.Settings.Release)
	if err != nil {
		return err
	}
	kept, err := keepManifest(last.Manifest)
	if err != nil {
		return err
	}
	last.Manifest = kept
	if last.Info.Status == release.StatusDeployed {
		last.Info.Description = "CRDs kept by " + managedBy
	}
	return e.Releases.Update(last)
}
