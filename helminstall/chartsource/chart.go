package chartsource

import (
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Fetched is a chart that is ready to be installed.
type Fetched struct {
	Chart    *chart.Chart
	Digest   string // content digest, of a chart from disk only
	Warnings []string
}

func installable(ref string, ch *chart.Chart) error {
	if t := ch.Metadata.Type; t != "" && t != "application" {
		return hint.Refuse(fmt.Errorf("load chart %s: a %s chart cannot be installed", ref, t), "give an application chart")
	}
	if err := action.CheckDependencies(ch, ch.Metadata.Dependencies); err != nil {
		return hint.Refuse(fmt.Errorf("load chart %s: %w", ref, err), "fetch them with: "+hint.Command("helm", "dependency", "build", ref))
	}
	return nil
}
