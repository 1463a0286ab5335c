package helminstall

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// prepare gets what a change needs before anything is written: the chart, and what discovery tells of the server, at
// the same time. Then it judges what the chart makes of the values.
func (s *Step) prepare(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return s.prepareChart(ctx) })
	group.Go(func() (err error) {
		if s.apis == nil {
			s.apis, err = sdk.Discover(ctx, s.Config)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := s.checkTemplates(); err != nil {
		return err
	}
	made, err := s.render(ctx)
	if err != nil {
		return err
	}
	if err := s.checkStoredValues(ctx, made); err != nil {
		return err
	}
	if err := s.checkStoredVersions(made.documents); err != nil {
		return err
	}
	s.refusals, err = s.checkGrants(ctx, made.documents)
	return err
}

// prepareChart leaves next nil where the chart that is stored with the release serves.
func (s *Step) prepareChart(ctx context.Context) error {
	if s.ref().From == chartsource.Disk {
		return nil // want has loaded it
	}
	if !s.needsChart() {
		s.next = nil
		return nil
	}
	if err := s.sameChart(); err != nil {
		return err
	}
	version := s.wanted.Version
	if version == "" && s.seen.Release != nil {
		version = s.seen.base().Chart.Metadata.Version
	}
	if s.next != nil && (version == "" || chartsource.SameVersion(version, s.next.Chart.Metadata.Version)) {
		return nil // from an earlier look
	}
	got, err := s.ref().Fetch(ctx, s.client(), version)
	if err != nil {
		return err
	}
	s.next = got
	return nil
}

// sameChart refuses to fetch the operator's own chart for a release that keeps another one: by its name, or since it came
// from a disk and may have been changed there.
func (s *Step) sameChart() error {
	if s.wanted.Chart != "" || s.seen.gone() {
		return nil
	}
	base := s.seen.base()
	have := base.Chart.Metadata
	if have.Name == s.ref().Name() && (base.Labels[stored.DigestLabel] == "" || s.verdict.NewChart) {
		return nil
	}
	why := "its dependencies are not stored with it"
	if !s.seen.storageIsOurs() {
		why = fmt.Sprintf("namespace %s was not made for the release, so that others may have changed what is stored there", s.Namespace)
	}
	return hint.Refuse(fmt.Errorf("is a release of chart %s %s, which an upgrade needs again: %s", have.Name, have.Version, why),
		"give the chart again with --chart")
}

// needsChart tells whether the chart that is stored with the release cannot be used for an upgrade. Others may have changed
// it, or it lacks something: Helm stores it without its dependencies, of which one may be enabled, or may become so by the
// values that differ.
func (s *Step) needsChart() bool {
	r := s.seen.base()
	if r == nil || s.verdict.NewChart || !s.seen.storageIsOurs() {
		return true
	}
	if len(r.Chart.Metadata.Dependencies) > 0 {
		return true
	}
	changed := changedKeys(r.Config, s.wanted.Values)
	for _, dep := range r.Chart.Lock.Dependencies {
		if slices.ContainsFunc(changed, func(key string) bool { return touches(key, dep.Name) }) {
			return true
		}
	}
	return len(r.Chart.Lock.Dependencies) > 0 && slices.ContainsFunc(changed, func(key string) bool { return touches(key, "tags") })
}

func touches(key, top string) bool { return key == top || strings.HasPrefix(key, top+".") }
