package bootstrap

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// operatorStep is the step of the operator's release, with a look at the gen3 release that is to use it: whether the two
// speak the same version of the API.
type operatorStep struct {
	*helminstall.Step

	find    func(context.Context) (*gen3.Release, []string, error)
	version string // --gen3-version
	irsa    bool
	// readOnly: the policy of these settings lets nothing be written, so that PushSecrets fail.
	readOnly   bool
	lacksStore func(ctx context.Context, clusterStore string) (bool, error)

	found  *gen3.Release // nil: none is known
	shared sharedRelease
	passed []string // warnings of the search
	lacks  bool     // the ClusterSecretStore that the gen3 release names
}

// findGen3 looks for the gen3 release in the namespace.
func (t *Target) findGen3(ctx context.Context) (*gen3.Release, []string, error) {
	return gen3.Find(ctx, t.Kube, t.Settings.Namespace)
}

// Observe looks at both at the same time.
func (o *operatorStep) Observe(ctx context.Context) (changes []plan.Change, err error) {
	o.lacks = false
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { changes, err = o.observeRelease(gctx); return err })
	group.Go(func() (err error) {
		if o.found, o.passed, err = o.find(gctx); err == nil && o.found != nil && o.found.ClusterStore != "" {
			o.lacks, err = o.lacksStore(gctx, o.found.ClusterStore)
		}
		return err
	})
	return changes, group.Wait()
}

// output names the release.
func (o *operatorStep) output(out *Outputs) {
	if r := o.Release(); r.Name != "" {
		out.Release = &Release{Name: r.Name, Namespace: r.Namespace, ChartVersion: r.ChartVersion, Revision: r.Revision}
	}
}

// Warnings are the step's, and what does not fit between operator and gen3.
func (o *operatorStep) Warnings() []string {
	out := append(o.Step.Warnings(), o.passed...)
	served, whose := o.Serves()
	if text := gen3.Misfit(o.version, o.found, served, whose); text != "" {
		out = append(out, text)
	}
	if o.lacks {
		out = append(out, gen3.StoreMissing(o.found))
	}
	if text := gen3.PushesInVain(o.found); o.readOnly && text != "" {
		out = append(out, text)
	}
	return append(out, gen3.ValuesInTheWay(o.version, o.found, o.irsa)...)
}
