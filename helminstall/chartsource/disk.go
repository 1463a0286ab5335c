package chartsource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Read loads a chart from disk, and judges it as helm install would.
func (r Ref) Read(ctx context.Context) (*Fetched, error) {
	ch, err := loadDisk(ctx, r.Chart)
	if err != nil {
		return nil, err
	}
	if r.Version != "" && !SameVersion(r.Version, ch.Metadata.Version) {
		return nil, hint.With(fmt.Errorf("check --chart-version %s: the chart at %s is version %s",
			r.Version, r.Chart, ch.Metadata.Version), "leave --chart-version out, or change the chart")
	}
	return &Fetched{Chart: ch, Digest: contentDigest(ch.Raw)}, nil
}

// loadDisk loads a directory or an archive.
func loadDisk(ctx context.Context, file string) (*chart.Chart, error) {
	ch, err := bound.InTime(ctx, func() (*chart.Chart, error) {
		if info, err := os.Stat(file); err != nil {
			return nil, err
		} else if info.IsDir() {
			return loader.LoadDir(file)
		}
		archive, err := bound.ReadFile(file, maxDownload)
		if err != nil {
			return nil, err
		}
		return loader.LoadArchive(bytes.NewReader(archive))
	})
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", file, bound.Cause(err)), "check the path given as --chart")
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", file, err), "check it with: "+hint.Command("helm", "lint", file))
	}
	return ch, installable(file, ch)
}
