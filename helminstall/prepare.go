package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/upgrade"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
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
	if err := s.weigh(ctx, made.documents); err != nil {
		return err
	}
	if err := s.warnOfDead(ctx); err != nil {
		return err
	}
	return s.try(ctx, made.documents)
}

// weigh finds out what it means that the release gets another chart. A lower version is only taken where it was asked for.
func (s *Step) weigh(ctx context.Context, docs []string) error {
	s.meaning = upgrade.Upgrade{}
	base := s.seen.base()
	if base == nil || s.seen.gone() || !s.verdict.NewChart {
		return nil
	}
	have, next := base.Chart.Metadata.Version, cmp.Or(s.wanted.Version, s.next.Chart.Metadata.Version)
	if lower(next, have) {
		if s.Version == "" {
			return hint.Refuse(fmt.Errorf("would downgrade the release from chart %s to %s", have, next), "give --chart-version "+next+" if that is what you want")
		}
		s.verdict.Reason += "; this is a downgrade"
	}
	s.meaning = upgrade.Compare(stored.Documents(base.Manifest), docs)
	client, err := metadata.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	warnings, err := s.meaning.Ask(ctx, client)
	for _, text := range warnings {
		s.warn(text)
	}
	return err
}

// lower reports whether a version comes before another; no where one of both is no version.
func lower(version, than string) bool {
	a, errA := semver.NewVersion(version)
	b, errB := semver.NewVersion(than)
	return errA == nil && errB == nil && a.LessThan(b)
}

// warnOfDead tells of webhooks whose operator is gone: the chart's own names are taken over by an install, others stay in the
// way of every object of External Secrets.
func (s *Step) warnOfDead(ctx context.Context) error {
	if len(s.seen.CRDs) == 0 {
		return nil
	}
	dead, err := s.readDeadWebhooks(ctx)
	for _, d := range dead {
		text := d.object.String() + " is of an operator that is gone (" + d.owner.String() + ")"
		if slices.Contains(fixedWebhooks(), d.object.Name) {
			s.warn(text + ": this release takes it over")
		} else {
			s.warn(text + ": " + d.says() + "; " + d.cure())
		}
	}
	return err
}

// tried is what a trial was of.
type tried struct {
	made          *rendering
	state         State
	namespaceGone bool
}

// passedTrial is one that nothing was refused in.
type passedTrial struct {
	tried

	adopted []plan.Change
}

// try asks the API server about all that is to be written, at the same time.
func (s *Step) try(ctx context.Context, docs []string) error {
	now := tried{s.rendered, s.verdict.State, s.seen.NamespaceGone}
	if s.passed.tried == now { // a second look, under the lock, at what has not changed
		s.adopted = s.passed.adopted
		return nil
	}
	var grants, objects []plan.Change
	var group errgroup.Group
	group.Go(func() (err error) { grants, err = s.checkGrants(ctx, docs); return err })
	group.Go(func() (err error) { objects, err = s.tryObjects(ctx, docs); return err })
	err := group.Wait()
	s.refusals, s.adopted = nil, nil
	for _, c := range slices.Concat(objects, grants) {
		if c.Action == plan.Adopt {
			s.adopted = append(s.adopted, c)
		} else {
			s.refusals = append(s.refusals, c)
		}
	}
	if err == nil && len(s.refusals) == 0 {
		s.passed = passedTrial{now, s.adopted}
	}
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

// preflight judges what the chart's objects would meet, before anything is stored.
func (s *Step) preflight(met []sdk.Standing) error {
	var taken []sdk.Standing
	for _, o := range met {
		if !s.mayTake(o) {
			taken = append(taken, o)
			continue
		}
		if o.Kind != stored.CRDKind {
			continue
		}
		if err := storedVersionsServed(o.CRD, o.StoredVersions, o.Versions); err != nil {
			return err
		}
	}
	if len(taken) > 0 {
		return s.taken(taken)
	}
	return nil
}

// taken says that objects of the chart exist and are another's.
func (s *Step) taken(all []sdk.Standing) error {
	var names []string
	var by, proven owner.Owner
	for _, o := range all {
		names, by = append(names, o.Name), o.Owner
		if !o.Namespaced { // a tenant can put any release's name on an object of a namespace
			proven = by
		}
	}
	return hint.With(takenError{fmt.Errorf("%s exists and belongs to %s", words.Few(names), by)},
		"if it is a rest of an operator that is gone, delete it"+installAs(proven))
}

func installAs(by owner.Owner) string {
	if by.Release == "" {
		return ""
	}
	return "; or install as that release: " + hint.Command("--release", by.Release, "--release-namespace", by.Namespace)
}

// mayTake keeps what names another release from an upgrade, whatever the stored manifest says. For an install it narrows
// Helm's TakeOwnership, which would seize whatever has a name of the chart's, to what it is switched on for: CRDs, and with
// --adopt what is cluster-wide and of a release that is gone. Without it Helm would refuse as well, but not so that anybody could tell what to
// do.
func (s *Step) mayTake(o sdk.Standing) bool {
	switch {
	case o.Owner.Of(s.Settings.Release, s.Namespace):
		return true
	case s.verdict.Action != plan.Create: // Helm judges what is new; what is in the stored manifest may be another's all the same
		return o.Owner.Release == ""
	}
	switch o.Kind {
	case stored.CRDKind:
		return s.verdict.TakeOwnership
	case webhookKind:
		if s.verdict.TakeOwnership && s.Adopt {
			return true
		}
	}
	return s.Adopt && !o.Namespaced && s.hasSeenEnd(o.Owner)
}
