// Package deployment reads what a gen3 deployment is made of: its chart, rendered with values files, or the release that Helm stored, or the
// objects that live in the namespace. No value of the operator's files, and of no Secret, is in what it says.
package deployment

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// The places where a deployment's objects are read.
const (
	Files   = "files"   // a chart, rendered with values files
	Release = "release" // what Helm stored in the namespace
	Live    = "live"    // the objects in the namespace
)

// Ref says which deployment a command is about. The chart's version is in the settings.
type Ref struct {
	Files       []string // values files, in helm's order
	Chart       string   // "" is Gen3's own, of its repository
	ReleaseName string   // "" is render.DefaultRelease
	Source      string   // "" is the first of Files, Release and Live that there is
}

// From is the place that the deployment is read from, "" where the cluster decides.
func (r Ref) From() string {
	if r.Source == "" && len(r.Files) > 0 {
		return Files
	}
	return r.Source
}

// Options say for what the chart is rendered.
func (r Ref) Options(namespace string) render.Options {
	return render.Options{Release: cmp.Or(r.ReleaseName, render.DefaultRelease), Namespace: cmp.Or(namespace, "default")}
}

// Chart is the chart of the deployment, as far as it is known.
type Chart struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// Deployment is what was read of one.
type Deployment struct {
	Source    string // Files, Release or Live
	Release   string // its name, "" where none is known
	Namespace string
	Chart     Chart
	Inventory gen3.Inventory
	Origins   map[string]render.Origin // which value sets which name, by the reference's ID; nil where that is not known
	Unnamed   string                   // why that is not known, "" where it is
	Rendered  *render.Rendered         // of Files
	Warnings  []string

	ref    Ref
	values map[string]any // the operator's; nil where they are not known
	chart  *render.Chart
}

// Connect reaches the cluster, for the sources that are in it.
type Connect func(context.Context) (*bootstrap.Target, error)

// Read reads the deployment. From files it asks no cluster. The error is the operator's to mend: a file, a chart that does not render, a
// release that is not there.
func Read(ctx context.Context, s bootstrap.Settings, ref Ref, connect Connect) (*Deployment, error) {
	d := &Deployment{Namespace: s.Namespace, ref: ref}
	if ref.From() == Files {
		return d, d.fromFiles(ctx, s)
	}
	t, err := connect(ctx)
	if err != nil {
		return d, err
	}
	d.Namespace = t.Settings.Namespace
	if err := d.fromCluster(ctx, t); err != nil {
		return d, err
	}
	return d, d.origins(ctx, s)
}

func (d *Deployment) warn(format string, args ...any) {
	d.Warnings = append(d.Warnings, fmt.Sprintf(format, args...))
}

func (d *Deployment) fromFiles(ctx context.Context, s bootstrap.Settings) (err error) {
	o := d.options()
	d.Source, d.Release = Files, o.Release
	if d.values, err = ReadValues(ctx, d.ref.Files); err != nil {
		return err
	}
	if err = d.load(ctx, s.Gen3Version); err != nil {
		return err
	}
	if d.Rendered, err = d.chart.Render(d.values, o); err != nil {
		return err
	}
	d.Warnings = append(d.Warnings, d.Rendered.Warnings...)
	for _, key := range d.Rendered.Clashes {
		d.warn("%s is a mapping in one place and something else in another: helm drops the latter", key)
	}
	if d.Origins, err = d.chart.Origins(d.values, o, d.Rendered); err != nil {
		d.warn("which value sets which name is not known: the chart does not render with other names")
	}
	d.Inventory = gen3.Take(d.Rendered.Objects)
	if len(d.Inventory.Requirements) == 0 {
		d.warn("the chart reads nothing from Secrets Manager with these values: global.externalSecrets.deploy switches it on, and is off by default")
	}
	return nil
}

func (d *Deployment) load(ctx context.Context, version string) (err error) {
	if d.chart, err = render.Load(ctx, http.DefaultClient, d.ref.Chart, version); err != nil {
		return err
	}
	d.Chart = Chart{Name: d.chart.Name(), Version: d.chart.Version()}
	d.Warnings = append(d.Warnings, d.chart.Warnings...)
	return nil
}

func (d *Deployment) options() render.Options {
	o := d.ref.Options(d.Namespace)
	if d.Source == Release {
		o.Release = d.Release
	}
	return o
}

// Value is what the operator's values say at a path, nil where they say nothing or are not known.
func (d *Deployment) Value(path ...string) any {
	v, err := chartutil.Values(d.values).PathValue(strings.Join(path, "."))
	if err != nil {
		return nil
	}
	return v
}

// RenderWith renders the deployment's chart with some values changed, and returns it with the values that it was rendered with. Of a
// release the chart of its version is loaded for that, since Helm stores no chart below the first; of live objects nothing can be rendered.
// What is not known of it, since it is no YAML, joins the warnings.
func (d *Deployment) RenderWith(ctx context.Context, changes map[string]any) (*render.Rendered, error) {
	if d.values == nil {
		return nil, hint.With(fmt.Errorf("render the gen3 chart: its values are not known: no values file is given, and no Helm release of it was read in namespace %s", d.Namespace), "give the deployment's values files with -f")
	}
	if d.chart == nil {
		if err := d.load(ctx, d.Chart.Version); err != nil {
			return nil, err
		}
	}
	rendered, err := d.chart.Render(helmvalues.Merge(d.values, changes), d.options())
	if err == nil {
		for _, w := range rendered.Warnings {
			d.Warnings = words.AddOnce(d.Warnings, w)
		}
	}
	return rendered, err
}

// Given reports whether the deployment's own values say something at a path, such as global.dev, and leave it not to the chart.
func (d *Deployment) Given(path string) bool {
	at := any(d.values)
	for key := range strings.SplitSeq(path, ".") {
		table, _ := at.(map[string]any)
		if at = table[key]; at == nil {
			return false
		}
	}
	return true
}

// ReadValues reads values files and merges them in helm's order.
func ReadValues(ctx context.Context, files []string) (map[string]any, error) {
	return helmvalues.ReadAll(ctx, "-f (--gen3-values)", files)
}
