package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// secretsRemoval takes away the Secrets that carry our label, after the keys: one whose key could not be deleted is kept.
type secretsRemoval struct {
	secrets *kube.KeySecrets
	keys    []*accesskey.Removal
	global  string // "namespace/name" of the one that the global user's key goes into; empty: none
	whose   func(context.Context, credential.Key) (arn string, err error)
	check   func() error

	held    []credential.Held
	planned []plan.Change // in the order of held
	// unsettled: IAM may not yet list a key that a Secret holds, so that it cannot be told whether it is one of those that are deleted.
	unsettled bool
}

// Name is the name of the step that writes the Secrets.
func (s *secretsRemoval) Name() string { return accesskey.Step }

// PlanDestroy judges each Secret by its label.
func (s *secretsRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	var err error
	if s.held, err = s.secrets.Observe(ctx); err != nil {
		return nil, err
	}
	s.planned, s.unsettled = nil, false
	for _, h := range s.held {
		c := plan.Change{Step: accesskey.Step, Resource: plan.At(plan.Secret, h.Name), Action: plan.None}
		switch {
		case !h.Exists:
			c.Reason = "not there"
		case h.Terminating:
			c.Reason = "is being deleted already"
		case !h.Ours:
			c.Reason = "kept: not created by gen3-bootstrap"
		case h.Keeper != "":
			c.Reason = h.Keeper + " writes it: kept"
		case s.holdsGlobalKey(h):
			c.Reason = "holds access key " + h.Key.ID + " of the global user: kept"
		default:
			if c, err = s.judge(ctx, c, h); err != nil {
				return nil, err
			}
		}
		s.planned = append(s.planned, c)
	}
	return s.planned, nil
}

// judge keeps a Secret of ours that holds a key which works and is none of those that go: nobody could bring its secret
// half back. The key of another owner, as a restored namespace has it, is in that owner's Secret as well.
func (s *secretsRemoval) judge(ctx context.Context, c plan.Change, h credential.Held) (plan.Change, error) {
	c.Action, c.Reason = plan.Delete, "ours"
	known := func(k *accesskey.Removal) bool { return k.Knows(h.Key.ID) || k.KnowsOther(h.Key.ID) }
	if h.Key.ID == "" || slices.ContainsFunc(s.keys, known) {
		return c, nil
	}
	arn, err := s.whose(ctx, h.Key)
	switch {
	case err != nil || arn == "" || s.goes(arn):
	case s.maySettle(arn):
		s.unsettled, c.Reason = true, "ours; kept if its access key "+h.Key.ID+" is not"
	default:
		c.Action, c.Reason = plan.None, "holds access key "+h.Key.ID+" of "+arn+", which works: kept"
	}
	return c, err
}

// maySettle reports whether an ARN is of a user whose keys are waited for.
func (s *secretsRemoval) maySettle(arn string) bool {
	return slices.ContainsFunc(s.keys, func(k *accesskey.Removal) bool {
		return k.Waits() && strings.HasSuffix(arn, "/"+k.Lookup.UserName)
	})
}

// left are the names of the Secrets that are there and stay.
func (s *secretsRemoval) left() []string {
	var out []string
	for i, h := range s.held {
		if h.Exists && s.planned[i].Action != plan.Delete {
			out = append(out, strings.TrimPrefix(h.Name, s.secrets.Namespace+"/"))
		}
	}
	return out
}

// goes reports whether an ARN is of a user whose keys are to go and could not be looked at.
func (s *secretsRemoval) goes(arn string) bool {
	return slices.ContainsFunc(s.keys, func(k *accesskey.Removal) bool {
		return k.Unknown() && strings.HasSuffix(arn, "/"+k.Lookup.UserName)
	})
}

// holdsGlobalKey reports whether the operator has put a key of his own into a Secret that an up in another mode made.
func (s *secretsRemoval) holdsGlobalKey(h credential.Held) bool {
	known := func(k *accesskey.Removal) bool { return k.Knows(h.Key.ID) }
	return h.Key.ID != "" && h.Name == s.global && !slices.ContainsFunc(s.keys, known)
}

// Destroy deletes the Secrets, but for those whose key could not be deleted.
func (s *secretsRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if s.unsettled {
		if _, err := s.PlanDestroy(ctx); err != nil {
			return err
		}
	}
	var errs []error
	for i, c := range s.planned {
		if c.Action != plan.Delete {
			continue
		}
		if err := s.destroy(ctx, s.held[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		sink.Emit(event.Event{Type: event.Changed, Step: accesskey.Step, Change: &c})
	}
	return errors.Join(errs...)
}

func (s *secretsRemoval) destroy(ctx context.Context, held credential.Held) error {
	id := held.Key.ID
	if slices.ContainsFunc(s.keys, func(k *accesskey.Removal) bool { return k.Stays(id) }) {
		return fmt.Errorf("delete Secret %s: it is kept, as its access key %s is still there", held.Name, id)
	}
	for _, k := range s.keys {
		if id != "" && k.Unknown() {
			return fmt.Errorf("delete Secret %s: it is kept, as the access keys of IAM user %s could not be looked at", held.Name, k.Lookup.UserName)
		}
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("delete Secret %s: %w", held.Name, err)
	}
	return s.secrets.Delete(ctx, held)
}
