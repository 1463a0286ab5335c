package helminstall

import (
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// preflight judges what the chart's objects would meet, before anything is stored.
func (s *Step) preflight(met []sdk.Standing) error {
	var taken []string
	var by, proven owner.Owner
	for _, o := range met {
		if !s.mayTake(o) {
			taken, by = append(taken, o.Name), o.Owner
			if !o.Namespaced { // a tenant can put any release's name on an object of a namespace
				proven = by
			}
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
		return hint.With(takenError{fmt.Errorf("%s exists and belongs to %s", words.Few(taken), by)},
			"if it is a rest of an operator that is gone, delete it"+installAs(proven))
	}
	return nil
}

func installAs(by owner.Owner) string {
	if by.Release == "" {
		return ""
	}
	return "; or install as that release: " + hint.Command("--release", by.Release, "--release-namespace", by.Namespace)
}

// mayTake keeps what names another release from an upgrade, whatever the stored manifest says. For an install it narrows
// Helm's TakeOwnership, which would seize whatever has a name of the chart's, to what it is switched on for: CRDs, and with
// --adopt the webhooks that went with them. Without it Helm would refuse as well, but not so that anybody could tell what to
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
		return s.verdict.TakeOwnership && s.Adopt
	}
	return false
}
