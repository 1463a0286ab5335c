package helminstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Apply does what the last Observe said, and waits until the operator's Deployments are available. With nothing to do
// it writes nothing.
func (s *Step) Apply(ctx context.Context, sink event.Sink) error {
	if err := s.Converge(ctx, sink); err != nil {
		return err
	}
	return s.Await(ctx, sink)
}

// Converge is the part of Apply that writes.
func (s *Step) Converge(ctx context.Context, sink event.Sink) error {
	if s.seen == nil {
		return errors.New("apply Helm release: nothing was observed")
	}
	if s.verdict.State == Busy {
		if err := s.outwait(ctx, sink); err != nil {
			return err
		}
	}
	return s.convergeInTurn(ctx, sink)
}

// Await is the part of Apply that waits: until the Deployments are available that the last Observe or Converge saw.
func (s *Step) Await(ctx context.Context, sink event.Sink) error {
	if s.NoWait || s.verdict.State == Elsewhere || s.seen == nil || s.seen.Release == nil {
		return nil
	}
	return s.await(ctx, sink)
}

// converge is the mutating phase. It is not cut short by ctx: a half-done release would have to be recovered by the
// next run, and Helm's own way of stopping leaves its work going on behind it.
func (s *Step) converge(ctx context.Context, sink event.Sink) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout())
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		s.emit(sink, event.Event{Type: event.Waiting, Message: "Helm to finish, so that the release is not left half done"})
	})()
	if err := s.MakeNamespace(work, sink); err != nil {
		return err
	}
	e, err := s.newHelm(work)
	if err != nil {
		return err
	}
	e.Secrets.NewestOnly = true
	change := s.releaseChange()
	rel, err := s.run(work, e)
	if err == nil {
		err = e.Secrets.Err()
	}
	if err != nil {
		s.seen.secrets = e.Secrets.Now()
		return s.failure(err)
	}
	if left := e.Kept(); len(left) > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("the stored manifest of release %s/%s names what is not in the chart and does not belong to the release: it is kept: %s",
			s.Namespace, s.Settings.Release, words.Few(left)))
	}
	if err := e.Secrets.Prune(work); err != nil { // the next change tries again
		s.warnings = append(s.warnings, fmt.Sprintf("delete old revisions of release %s: %v", s.Settings.Release, err))
	}
	s.seen.secrets = e.Secrets.Now()
	s.remember(rel)
	for _, c := range append([]plan.Change{change}, s.adopted...) {
		s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	}
	return nil
}

// failure says what the state after a failed write means.
func (s *Step) failure(err error) error {
	verb := "upgrade"
	if s.verdict.Action == plan.Create {
		verb = "install"
	}
	err = fmt.Errorf("%s Helm release %s/%s: %w", verb, s.Namespace, s.Settings.Release, words.BriefError{Err: err})
	if hint.Of(err) != "" {
		return err
	}
	return hint.With(err, "nothing is uninstalled; remove the cause and run again, which repairs the release")
}

// MakeNamespace makes the release's namespace, where the last Observe said so, with our label, which Helm's own option would
// not set. Converge does it where it was not done before.
func (s *Step) MakeNamespace(ctx context.Context, sink event.Sink) error {
	if !s.makesNamespace() {
		return nil
	}
	_, err := s.Client.CoreV1().Namespaces().Create(ctx, s.namespaceObject(), metav1.CreateOptions{FieldManager: sdk.FieldManager})
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil
	case err != nil:
		return hint.With(fmt.Errorf("create Namespace %s: %w", s.Namespace, err),
			forbiddenHint(err, "create it beforehand, or give another with --release-namespace"))
	}
	c := s.namespaceChange()
	s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	s.seen.NamespaceNames = true
	return nil
}

func (s *Step) namespaceObject() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: s.Namespace, Labels: map[string]string{stored.ManagedByLabel: stored.ManagedBy},
		Annotations: map[string]string{releaseAnnotation: s.Settings.Release},
	}}
}

// remember takes the stored outcome for the present state, so that the wait needs no second look.
func (s *Step) remember(rel *release.Release) {
	r := &stored.Record{
		Name: rel.Name, Namespace: rel.Namespace, Revision: rel.Version, Config: rel.Config,
		Manifest: rel.Manifest, Labels: rel.Labels,
	}
	r.Info.Status = rel.Info.Status
	r.Info.LastDeployed = rel.Info.LastDeployed
	m := rel.Chart.Metadata
	r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Chart.Metadata.AppVersion = m.Name, m.Version, m.AppVersion
	s.seen.CRDsName = s.seen.CRDsName || strings.Contains(rel.Manifest, watchedCRDs()[0])
	s.seen.Release, s.seen.NamespaceGone, s.seen.Missing, s.seen.deployments = r, false, nil, nil
}

// outwait lets another run's operation on the release end, and observes again. An operation that never ends becomes
// recoverable in time, which may be later than this run's --timeout: then the run says who it waited for.
func (s *Step) outwait(ctx context.Context, sink event.Sink) error {
	say := s.once(sink)
	limit := s.timeout() + 2*pollInterval*4
	err := wait.PollUntilContextTimeout(ctx, 4*pollInterval, limit, true, func(ctx context.Context) (bool, error) {
		say(fmt.Sprintf("release %s/%s: %s", s.Namespace, s.Settings.Release, s.verdict.Reason))
		if _, err := s.Observe(ctx); err != nil {
			return false, ignorable(ctx, err)
		}
		return s.verdict.State != Busy, nil
	})
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return hint.With(fmt.Errorf("wait for another operation on release %s/%s: still %s", s.Namespace, s.Settings.Release,
			s.verdict.Reason), "find who runs it, or run again later with a longer --timeout")
	}
	return fmt.Errorf("wait for another operation on release %s/%s: %w", s.Namespace, s.Settings.Release, err)
}

// maxTurns bounds how often a run lets others go first.
const maxTurns = 4

// errOvertaken: the release changed between the last look and a write.
// takenError: an object of the chart belongs to somebody else.
type takenError struct{ error }

func (e takenError) Unwrap() error { return e.error }

// overtaken reports whether a write met what was not there at the last look: another run, in another namespace, may be
// installing the same release.
func overtaken(err error) bool {
	_, taken := errors.AsType[takenError](err)
	return taken || errors.Is(err, sdk.ErrOvertaken) || errors.Is(err, driver.ErrReleaseExists) || apierrors.IsAlreadyExists(err)
}

// convergeInTurn converges. Where another run is quicker, it lets that one end and looks again: the release may be as
// wanted by then, and if it is not, the next attempt starts from what is there.
func (s *Step) convergeInTurn(ctx context.Context, sink event.Sink) error {
	for turn := 1; ; turn++ {
		if s.verdict.Action == plan.Blocked {
			return hint.With(fmt.Errorf("apply Helm release %s/%s: %s", s.Namespace, s.Settings.Release, s.verdict.Reason), s.verdict.Hint)
		}
		if len(s.refusals) > 0 {
			return hint.With(fmt.Errorf("apply Helm release %s/%s: %s", s.Namespace, s.Settings.Release, s.refusals[0].Reason), s.refusals[0].Hint)
		}
		if !s.writes() {
			return nil
		}
		before, met := s.standing(), s.converge(ctx, sink)
		if !overtaken(met) || turn == maxTurns {
			return met
		}
		if err := s.giveWay(ctx, sink); err != nil {
			return err
		}
		if s.standing() == before {
			return met // nobody is at work: what was met is an obstacle of its own
		}
	}
}

// standing tells two looks at the release apart.
func (s *Step) standing() string {
	var mark string
	if all := s.seen.secrets; len(all) > 0 {
		newest := slices.MaxFunc(all, func(a, b corev1.Secret) int { return stored.Revision(&a) - stored.Revision(&b) })
		mark = newest.Name + " " + newest.ResourceVersion
	}
	return fmt.Sprintf("%s %s", s.verdict.State, mark)
}

// giveWay looks again, and waits for whoever is at work.
func (s *Step) giveWay(ctx context.Context, sink event.Sink) error {
	s.once(sink)(fmt.Sprintf("another run, which seems to be at work on release %s/%s", s.Namespace, s.Settings.Release))
	if _, err := s.Observe(ctx); err != nil {
		return err
	}
	if s.verdict.State != Busy {
		return nil
	}
	return s.outwait(ctx, sink)
}
