package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Other is a chart to compare with: another version of the same, or one of another place.
type Other struct{ Chart, Version string }

// List says which secrets the deployment reads, in what shape, and for whom. It writes nothing; from files it asks neither AWS nor a
// cluster.
func List(ctx context.Context, s bootstrap.Settings, ref deployment.Ref, compare Other, env bootstrap.Env) (Result, error) {
	l := &lister{settings: s, ref: ref, env: env, result: NewResult("secrets list")}
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	err := l.list(limited, compare)
	l.result.Errors = l.target.Problems(l.result.Errors, "", bootstrap.EachOf(err)...)
	return l.result, bootstrap.Outcome(ctx, bootstrap.EachOf(err))
}

// lister is one execution of list.
type lister struct {
	settings bootstrap.Settings
	ref      deployment.Ref
	env      bootstrap.Env
	target   *bootstrap.Target
	result   Result
}

func (l *lister) list(ctx context.Context, compare Other) error {
	if err := l.checkComparison(compare); err != nil {
		return err
	}
	d, err := deployment.Read(ctx, l.settings, l.ref, func(ctx context.Context) (t *bootstrap.Target, err error) {
		l.target, err = bootstrap.ConnectCluster(ctx, l.settings, l.env)
		return l.target, err
	})
	l.result.fill(d)
	if err != nil || compare == (Other{}) {
		return err
	}
	return l.compare(ctx, d, compare)
}

// checkComparison refuses what could only compare a chart with itself.
func (l *lister) checkComparison(compare Other) error {
	switch {
	case compare == (Other{}):
		return nil
	case l.ref.From() != deployment.Files:
		return hint.With(errors.New("check --compare-version and --compare-chart: only values files can be rendered with another chart"), "give the deployment's values files with -f")
	case compare.Chart == "" && render.OnDisk(l.ref.Chart):
		return hint.With(fmt.Errorf("check --compare-version %s: %s holds one version of the chart", compare.Version, l.ref.Chart),
			"give the other one as --compare-chart, or leave --gen3-chart out")
	}
	return nil
}

func (l *lister) compare(ctx context.Context, before *deployment.Deployment, other Other) error {
	ref, s := l.ref, l.settings
	ref.Chart, s.Gen3Version = cmp.Or(other.Chart, ref.Chart), other.Version
	after, err := deployment.Read(ctx, s, ref, nil) // from files: checkComparison sees to that
	if err != nil {
		return err
	}
	l.result.Compared = &Comparison{Version: after.Chart.Version, Changes: []Change{}}
	for _, c := range gen3.Compare(before.Inventory.Requirements, after.Inventory.Requirements) {
		change := Change{Name: c.Name}
		if c.Before != nil {
			s := secretOf(*c.Before, before.Origins)
			change.Before = &s
		}
		if c.After != nil {
			s := secretOf(*c.After, after.Origins)
			change.After = &s
		}
		l.result.Compared.Changes = append(l.result.Compared.Changes, change)
	}
	return nil
}
