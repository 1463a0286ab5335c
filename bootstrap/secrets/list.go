package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// The places where a deployment's objects are read.
const (
	Files   = "files"   // a chart, rendered with values files
	Release = "release" // what Helm stored in the namespace
	Live    = "live"    // the objects in the namespace
)

// DefaultReleaseName is what most call their release of the gen3 chart.
const DefaultReleaseName = "gen3"

// Deployment says which deployment a command is about.
type Deployment struct {
	Files       []string // values files, in helm's order
	Chart       string   // "" is Gen3's own, of its repository
	ReleaseName string   // "" is DefaultReleaseName
	Source      string   // "" is the first of Files, Release and Live that there is
}

// Other is a chart to compare with: another version of the same, or one of another place.
type Other struct{ Chart, Version string }

// List says which secrets the deployment reads, in what shape, and for whom. It writes nothing; from files it asks neither AWS nor a
// cluster.
func List(ctx context.Context, s bootstrap.Settings, d Deployment, compare Other, env bootstrap.Env) (Result, error) {
	l := &lister{settings: s, of: d, env: env, result: NewResult("secrets list")}
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	err := l.list(limited, compare)
	l.result.Errors = l.target.Problems(l.result.Errors, "", bootstrap.EachOf(err)...)
	return l.result, bootstrap.Outcome(ctx, bootstrap.EachOf(err))
}

// lister is one execution of list.
type lister struct {
	settings bootstrap.Settings
	of       Deployment
	env      bootstrap.Env
	target   *bootstrap.Target
	values   map[string]any
	result   Result
}

func (l *lister) warn(format string, args ...any) {
	l.result.Warnings = append(l.result.Warnings, fmt.Sprintf(format, args...))
}

func (l *lister) list(ctx context.Context, compare Other) error {
	if l.of.Source == "" && len(l.of.Files) > 0 {
		l.of.Source = Files
	}
	if err := l.checkComparison(compare); err != nil {
		return err
	}
	if l.of.Source == Files {
		return l.fromFiles(ctx, compare)
	}
	objects, err := l.fromCluster(ctx)
	if err != nil {
		return err
	}
	inventory := gen3.Take(objects)
	l.fill(inventory, nil)
	return nil
}

// checkComparison refuses what could only compare a chart with itself.
func (l *lister) checkComparison(compare Other) error {
	switch {
	case compare == (Other{}):
		return nil
	case l.of.Source != Files:
		return hint.With(errors.New("check --compare-version and --compare-chart: only values files can be rendered with another chart"), "give the deployment's values files with -f")
	case compare.Chart == "" && render.OnDisk(l.of.Chart):
		return hint.With(fmt.Errorf("check --compare-version %s: %s holds one version of the chart", compare.Version, l.of.Chart),
			"give the other one as --compare-chart, or leave --gen3-chart out")
	}
	return nil
}

func (l *lister) fill(inventory gen3.Inventory, origins map[string]render.Origin) {
	for _, r := range inventory.Requirements {
		l.result.Secrets = append(l.result.Secrets, secretOf(r, origins))
	}
	l.result.Unjudged = append(l.result.Unjudged, inventory.Unjudged...)
}

// fromFiles renders the chart, and the one that it is compared with.
func (l *lister) fromFiles(ctx context.Context, compare Other) error {
	l.result.Source = Files
	l.result.Release, l.result.Namespace = l.options().Release, l.settings.Namespace
	var err error
	if l.values, err = ReadValues(ctx, l.of.Files); err != nil {
		return err
	}
	chart, err := render.Load(ctx, http.DefaultClient, l.of.Chart, l.settings.Gen3Version)
	if err != nil {
		return err
	}
	l.result.Chart = Chart{Name: chart.Name(), Version: chart.Version()}
	l.result.Warnings = append(l.result.Warnings, chart.Warnings...)
	rendered, err := chart.Render(l.values, l.options())
	if err != nil {
		return err
	}
	l.note(rendered)
	origins, err := chart.Origins(l.values, l.options(), rendered)
	if err != nil {
		l.warn("which value sets which name is not known: the chart does not render with other names")
	}
	inventory := gen3.Take(rendered.Objects)
	l.fill(inventory, origins)
	if len(l.result.Secrets) == 0 {
		l.warn("the chart reads nothing from Secrets Manager with these values: global.externalSecrets.deploy switches it on, and is off by default")
	}
	if compare == (Other{}) {
		return nil
	}
	return l.compare(ctx, inventory, origins, compare)
}

func (l *lister) note(r *render.Rendered) {
	l.result.LeftOut = append(l.result.LeftOut, r.LeftOut...)
	l.result.Warnings = append(l.result.Warnings, r.Warnings...)
	for _, key := range r.Clashes {
		l.warn("%s is a mapping in one place and something else in another: helm drops the latter", key)
	}
}

func (l *lister) compare(ctx context.Context, before gen3.Inventory, origins map[string]render.Origin, other Other) error {
	chart, err := render.Load(ctx, http.DefaultClient, cmp.Or(other.Chart, l.of.Chart), other.Version)
	if err != nil {
		return err
	}
	rendered, err := chart.Render(l.values, l.options())
	if err != nil {
		return err
	}
	after := gen3.Take(rendered.Objects)
	theirs, err := chart.Origins(l.values, l.options(), rendered)
	if err != nil {
		theirs = nil // as said of the first
	}
	l.result.Compared = &Comparison{Version: chart.Version(), Changes: []Change{}}
	for _, c := range gen3.Compare(before.Requirements, after.Requirements) {
		change := Change{Name: c.Name}
		if c.Before != nil {
			s := secretOf(*c.Before, origins)
			change.Before = &s
		}
		if c.After != nil {
			s := secretOf(*c.After, theirs)
			change.After = &s
		}
		l.result.Compared.Changes = append(l.result.Compared.Changes, change)
	}
	return nil
}

// Options say for what the chart is rendered.
func (d Deployment) Options(namespace string) render.Options {
	return render.Options{Release: cmp.Or(d.ReleaseName, DefaultReleaseName), Namespace: cmp.Or(namespace, "default")}
}

func (l *lister) options() render.Options { return l.of.Options(l.settings.Namespace) }

// ReadValues reads values files and merges them in helm's order.
func ReadValues(ctx context.Context, files []string) (map[string]any, error) {
	out := map[string]any{}
	var errs []error
	for _, file := range files {
		f, err := helmvalues.Read(ctx, "--gen3-values", file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = helmvalues.Merge(out, f.Values)
	}
	return out, errors.Join(errs...)
}
