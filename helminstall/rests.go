package helminstall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
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

// deadWebhook is a configuration that sends objects of External Secrets to a service which does not exist any more: the operator's
// namespace was deleted, and what is cluster-wide stayed. Until it goes, none of these objects can be made or changed.
type deadWebhook struct {
	object  plan.Resource
	uid     metav1.Preconditions
	owner   owner.Owner
	service string // namespace/name
}

// readDeadWebhooks looks for them where no operator runs. Who may not list configurations is told of none: the API server's
// answer names the webhook that is met.
func (s *Step) readDeadWebhooks(ctx context.Context) ([]deadWebhook, error) {
	if len(s.seen.Operators) > 0 || s.seen.Unseen != "" {
		return nil, nil
	}
	if len(s.seen.CRDs) == 0 { // then there is nothing that they could be asked about
		return nil, nil
	}
	var out []deadWebhook
	var failed error
	judge := func(kind string, o metav1.ObjectMeta, asked []admissionv1.ValidatingWebhook) {
		service, dead, err := s.isDead(ctx, asked)
		failed = errors.Join(failed, err)
		if dead {
			out = append(out, deadWebhook{plan.Of(kind, o.Name), metav1.Preconditions{UID: &o.UID}, owner.Of(o), service})
		}
	}
	api := s.Client.AdmissionregistrationV1()
	err := pages.Each(ctx, api.ValidatingWebhookConfigurations().List, metav1.ListOptions{}, func(c *admissionv1.ValidatingWebhookConfiguration) {
		judge(plan.ValidatingWebhook, c.ObjectMeta, c.Webhooks)
	})
	if err == nil {
		err = pages.Each(ctx, api.MutatingWebhookConfigurations().List, metav1.ListOptions{}, func(c *admissionv1.MutatingWebhookConfiguration) {
			var asked []admissionv1.ValidatingWebhook
			for _, w := range c.Webhooks {
				asked = append(asked, admissionv1.ValidatingWebhook{ClientConfig: w.ClientConfig, Rules: w.Rules})
			}
			judge(plan.MutatingWebhook, c.ObjectMeta, asked)
		})
	}
	if apierrors.IsForbidden(err) {
		err = nil
	}
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("look for webhooks of an operator that is gone: %w", err)
	}
	return out, nil
}

// isDead reports that a configuration is for External Secrets alone, and none of its services exists.
func (s *Step) isDead(ctx context.Context, asked []admissionv1.ValidatingWebhook) (service string, dead bool, err error) {
	for _, w := range asked {
		ours := func(r admissionv1.RuleWithOperations) bool {
			return !slices.ContainsFunc(r.APIGroups, func(group string) bool { return !strings.HasSuffix("."+group, apiSuffix) })
		}
		if w.ClientConfig.Service == nil || len(w.Rules) == 0 || slices.ContainsFunc(w.Rules, func(r admissionv1.RuleWithOperations) bool { return !ours(r) }) {
			return "", false, nil
		}
		at := w.ClientConfig.Service
		_, err := s.Client.CoreV1().Services(at.Namespace).Get(ctx, at.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsForbidden(err), err == nil:
			return "", false, nil
		case !apierrors.IsNotFound(err):
			return "", false, fmt.Errorf("get Service %s/%s: %w", at.Namespace, at.Name, err)
		}
		service = at.Namespace + "/" + at.Name
	}
	return service, service != "", nil
}

func (d deadWebhook) says() string {
	return fmt.Sprintf("Service %s, which it asks, is gone: no object of External Secrets can be made or changed", d.service)
}

// cure is the way out where it is not ours to take.
func (d deadWebhook) cure() string {
	return "if nobody needs it: " + hint.Command("kubectl", "delete", d.object.Kind, d.object.Name)
}

// planDeadWebhooks says what becomes of them in a teardown that deletes the CRDs: they would keep the objects from going. Those
// of other releases are not ours to delete.
func (s *Step) planDeadWebhooks(ctx context.Context, deleteCRDs bool) ([]plan.Change, error) {
	dead, err := s.readDeadWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	var out []plan.Change
	for _, d := range dead {
		c := plan.Change{Step: stepName, Resource: d.object}
		switch {
		case d.owner.Of(s.Settings.Release, s.Namespace) && deleteCRDs:
			c.Action, c.Reason = plan.Delete, d.says()
			s.dead = append(s.dead, d)
		case deleteCRDs:
			c.Action, c.Reason, c.Hint = plan.Blocked, d.object.String()+" is of "+d.owner.String()+", and "+d.says(), d.cure()
		default:
			s.warnings = append(s.warnings, d.object.String()+": "+d.says()+"; "+d.cure())
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// deleteDeadWebhooks deletes those that the plan showed, unless they were made anew.
func (s *Step) deleteDeadWebhooks(ctx context.Context, sink event.Sink) error {
	api := s.Client.AdmissionregistrationV1()
	var errs []error
	for _, d := range s.dead {
		remove := api.ValidatingWebhookConfigurations().Delete
		if d.object.Kind == plan.MutatingWebhook {
			remove = api.MutatingWebhookConfigurations().Delete
		}
		err := remove(ctx, d.object.Name, metav1.DeleteOptions{Preconditions: &d.uid})
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("delete %s: %w", d.object, err))
			continue
		}
		c := plan.Change{Step: stepName, Resource: d.object, Action: plan.Delete, Reason: d.says()}
		s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	}
	s.dead = nil
	return errors.Join(errs...)
}

// hasEnded reports that a release is gone for sure: its namespace does not exist, and no operator of it runs anywhere. What is
// or is not in a namespace that exists proves nothing, since whoever may write there can have taken it away.
func (s *Step) hasEnded(ctx context.Context, by owner.Owner) bool {
	runs := func(o Operator) bool { return o.Owner == by }
	if by.Release == "" || by.GitOps() || s.seen.Unseen != "" || slices.ContainsFunc(s.seen.Operators, runs) {
		return false
	}
	_, err := s.Client.CoreV1().Namespaces().Get(ctx, by.Namespace, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return false
	}
	s.noteEnded(by)
	return true
}

func (s *Step) noteEnded(by owner.Owner) {
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.ended == nil {
		s.ended = map[owner.Owner]bool{}
	}
	s.ended[by] = true
}

// hasSeenEnd reports that hasEnded was true for it.
func (s *Step) hasSeenEnd(by owner.Owner) bool {
	s.noting.Lock()
	defer s.noting.Unlock()
	return s.ended[by]
}
