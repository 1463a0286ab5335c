package helminstall

import (
	"context"
	"fmt"
	"net/http"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// fetched is a chart that is ready to be installed.
type fetched struct {
	chart    *chart.Chart
	digest   string // content digest, of a chart from disk only
	warnings []string
}

// fetch brings the chart that the settings name, in the given version ("" is the newest), into memory.
func (s Settings) fetch(ctx context.Context, client *http.Client, version string) (fetched, error) {
	if s.source() == fromRegistry {
		return pullRegistry(ctx, client, s.chart(), version)
	}
	return repository{client: client, url: s.repo()}.chart(ctx, s.chart(), version)
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
