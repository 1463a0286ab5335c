package helminstall

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

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
