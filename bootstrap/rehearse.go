package bootstrap

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// rehearse returns what would keep the API server from taking what this run is to write in the namespace, quotas for
// instance. In a namespace that does not exist nothing can be tried; the Lease is the first write, and needs no trial.
func (r *Run) rehearse(ctx context.Context) []error {
	t := r.Target
	if t.Namespace == nil {
		return nil
	}
	trials := []func() error{func() error { return t.Record.Rehearse(ctx) }}
	for _, c := range r.Result.Changes {
		if c.Resource.Kind == plan.Secret && c.Step == accesskey.Step && plan.Pending([]plan.Change{c}) {
			trials = append(trials, func() error {
				return unlessOvertaken(r.steps.Key.Store.Rehearse(ctx, credential.Held{Name: c.Resource.Namespace + "/" + c.Resource.Name}))
			})
		}
	}
	return Together(trials...)
}

// unlessOvertaken passes over what another run's writes since the look bring about: this run looks again under the lock.
func unlessOvertaken(err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
