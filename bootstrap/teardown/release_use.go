package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// judgeNamespace looks into the release's namespace where nothing that is about to go is in it.
func (r *releaseRemoval) judgeNamespace(ctx context.Context, all []plan.Change) error {
	i := slices.IndexFunc(all, func(c plan.Change) bool { return c.Resource == plan.Of(plan.Namespace, r.step.Namespace) })
	if i < 0 || all[0].Action == plan.Delete {
		return nil
	}
	left, err := r.client.ContentsBesidesLeases(ctx, r.step.Namespace)
	switch {
	case errors.Is(err, inventory.ErrUnknown):
		all[i].Action, all[i].Reason = plan.None, "kept: "+err.Error()
	case err != nil:
		return err
	case len(left) > 0:
		all[i].Action, all[i].Reason = plan.None, "kept: it holds "+words.Few(left)
	}
	return nil
}

// unlessUsed leaves everything as it is while another namespace has a record.
func (r *releaseRemoval) unlessUsed(ctx context.Context, all []plan.Change) []plan.Change {
	elsewhere, err := r.client.RecordsElsewhere(ctx, r.namespace)
	if err == nil && len(elsewhere) == 0 {
		return all
	}
	r.left = err == nil
	var out []plan.Change
	for _, c := range all {
		switch {
		case c.Action == plan.None:
		case c.Resource.Kind == plan.CRD:
			continue
		case err != nil:
			blocked := hint.Change(err)
			c.Action, c.Hint, c.More = blocked.Action, blocked.Hint, blocked.More
			c.Reason = fmt.Sprintf("%s is kept, as nobody can tell whether other namespaces use it: %s", c.Resource, err)
		default:
			c.Action, c.Reason = plan.None, r.usedBy(elsewhere)
		}
		out = append(out, c)
	}
	if r.deleteCRDs && err == nil {
		out = append(out, plan.Change{
			Step: r.Name(), Resource: externalCRDs(), Action: plan.Blocked,
			Reason: "--delete-crds: the CRDs are " + r.usedBy(elsewhere), Hint: "run teardown for those namespaces first, and with --delete-crds for the last of them",
		})
	}
	return out
}

func (r *releaseRemoval) usedBy(namespaces []string) string {
	return mayUse(namespaces) + "; " + r.whenUnused()
}

func mayUse(namespaces []string) string {
	return "kept: " + words.Counted(len(namespaces), "other namespace") + " set up with gen3-bootstrap may use it: " + words.Few(namespaces)
}

// whenUnused names the release, which no record may name by then.
func (r *releaseRemoval) whenUnused() string {
	words := []string{"teardown", "--only", bootstrap.HelmStep}
	if s := r.step.Settings; s.Release != bootstrap.DefaultRelease || s.Namespace != bootstrap.DefaultReleaseNamespace {
		words = append(words, "--release", s.Release, "--release-namespace", s.Namespace)
	}
	return "`" + r.step.Invocation.Command(words...) + "` removes it when they are gone"
}

// unusedStill is an error when another namespace was set up while the release was uninstalled.
func (r *releaseRemoval) unusedStill(ctx context.Context) error {
	elsewhere, err := r.client.RecordsElsewhere(ctx, r.namespace)
	if err != nil {
		return hint.With(fmt.Errorf("delete CRDs: kept, as nobody can tell whether other namespaces use them: %w", err), hint.Lines(err)...)
	}
	if len(elsewhere) > 0 {
		return hint.With(fmt.Errorf("delete CRDs: %s", mayUse(elsewhere)), r.whenUnused())
	}
	return nil
}
