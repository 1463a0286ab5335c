package helminstall

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const (
	webhookKind = "ValidatingWebhookConfiguration"
	webhookPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
)

// fixedWebhooks are called the same in every release of the chart, so that those of an operator whose namespace was
// deleted are in the way of the next one.
func fixedWebhooks() []string { return []string{"secretstore-validate", "externalsecret-validate"} }

// Rest is what an operator that is gone has left besides its CRDs.
type Rest struct {
	Name  string // as kind/name
	Owner owner.Owner
}

// readRests looks for the webhooks of others beside CRDs that have no operator. One that may not be read is met later,
// before anything is written over it.
func (s *Step) readRests(ctx context.Context, o *Observed) error {
	if len(o.CRDs) == 0 || len(o.Operators) > 0 {
		return nil
	}
	for _, name := range fixedWebhooks() {
		body, err := s.get(ctx, webhookPath+"/"+name)
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("get %s %s: %w", webhookKind, name, err)
		}
		var found struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
		}
		if err := json.Unmarshal(body, &found); err != nil {
			return fmt.Errorf("get %s %s: %w", webhookKind, name, err)
		}
		if by := owner.Of(found.Metadata); !by.Of(s.Settings.Release, s.Namespace) {
			o.Rests = append(o.Rests, Rest{strings.ToLower(webhookKind) + "/" + name, by})
		}
	}
	return nil
}

// inTheWay refuses to install over CRDs of others where that could double an operator, or would fail half-way.
func inTheWay(o *Observed, w Want) (Verdict, bool) {
	switch {
	case w.Adopt:
		return Verdict{}, false
	case o.Unseen != "":
		return Verdict{
			State: Foreign, Action: plan.Blocked,
			Reason: fmt.Sprintf("the CRDs are there (of %s), and whether their operator is cannot be seen: %s", o.CRDs[0].Owner, o.Unseen),
			Hint:   "let the caller read that; or give --skip-helm if the operator is there, --adopt if it is not",
		}, true
	case len(o.Rests) > 0:
		by := o.Rests[0].Owner
		names := make([]string, 0, len(o.Rests))
		for _, r := range o.Rests {
			names = append(names, r.Name)
		}
		return Verdict{
			State: Foreign, Action: plan.Blocked, Hint: "--adopt takes them over; or delete them" + installAs(by),
			Reason: fmt.Sprintf("an operator that is gone left %s (of %s), which the chart has too", strings.Join(names, " and "), by),
		}, true
	}
	return Verdict{}, false
}
