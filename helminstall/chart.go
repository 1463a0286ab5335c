package helminstall

import (
	"context"
	"fmt"
	"net/http"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

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
	switch s.source() {
	case fromDisk:
		ch, err := loadDisk(s.chart())
		if err != nil {
			return fetched{}, err
		}
		return fetched{chart: ch, digest: contentDigest(ch.Raw)}, nil
	case fromRegistry:
		return pullRegistry(ctx, client, s.chart(), version)
	case fromRepo:
	}
	return repository{client: client, url: s.repo()}.chart(ctx, s.chart(), version)
}

// loadDisk loads a directory or an archive, and judges it as helm install would.
func loadDisk(file string) (*chart.Chart, error) {
	if err := exists(file); err != nil {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", file, err), "check the path given as --chart")
	}
	ch, err := loader.Load(file)
	if err != nil {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", file, err), "check it with: helm lint "+file)
	}
	return ch, installable(file, ch)
}

func installable(ref string, ch *chart.Chart) error {
	if t := ch.Metadata.Type; t != "" && t != "application" {
		return refuse(fmt.Errorf("load chart %s: a %s chart cannot be installed", ref, t), "give an application chart")
	}
	if err := action.CheckDependencies(ch, ch.Metadata.Dependencies); err != nil {
		return refuse(fmt.Errorf("load chart %s: %w", ref, err), "fetch them with: "+hint.Command("helm", "dependency", "build", ref))
	}
	return nil
}
