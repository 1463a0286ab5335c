package deployment

import (
	"context"
	"fmt"
	"net/http"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
)

// origins finds out which value sets which name, of what was read from the cluster: the objects do not say, so that the chart is rendered with
// the values that Helm stored, or that are given. It is downloaded only where that is asked for, and not to know is no error.
func (d *Deployment) origins(ctx context.Context, s bootstrap.Settings) error {
	if d.Source == Live && len(d.ref.Files) > 0 {
		values, err := ReadValues(ctx, d.ref.Files)
		if err != nil {
			return err
		}
		d.values = values
	}
	switch {
	case len(d.Inventory.Reads) == 0:
	case d.values == nil:
		d.Unnamed = "live objects do not say it; give the values files as well, with -f"
	case d.ref.Chart == "":
		d.Unnamed = "it takes the chart itself, of which a cluster holds only parts; --gen3-chart " + render.DefaultChart + " downloads it"
	default:
		if err := d.findOrigins(ctx, s.Gen3Version); err != nil {
			d.Unnamed = err.Error()
		}
	}
	return nil
}

func (d *Deployment) findOrigins(ctx context.Context, version string) error {
	if version == "" && d.Chart.Version != checkout {
		version = d.Chart.Version
	}
	chart, err := render.Load(ctx, http.DefaultClient, d.ref.Chart, version)
	if err != nil {
		return err
	}
	if d.Origins, err = chart.OriginsOf(d.values, d.options(), d.Inventory.Reads); err != nil {
		return err
	}
	if len(d.Origins) == 0 {
		return fmt.Errorf("chart %s %s, rendered with these values, reads other secrets", chart.Name(), chart.Version())
	}
	return nil
}

// checkout is the version that the gen3 chart has in a git checkout.
const checkout = "0.0.0"
