package sdk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
)

// Render makes the documents of a chart's templates, over a copy of the chart, of which Helm takes parts away. They are sorted.
func Render(ctx context.Context, config *rest.Config, known *APIs, loaded *chart.Chart, values map[string]any, as chartutil.ReleaseOptions) ([]string, error) {
	ch, err := CopyOf(loaded)
	if err != nil {
		return nil, err
	}
	if v := ch.Metadata.KubeVersion; v != "" && !chartutil.IsCompatibleRange(v, known.capabilities.KubeVersion.String()) {
		return nil, fmt.Errorf("it is for Kubernetes %s, and the cluster has %s", v, known.capabilities.KubeVersion.String())
	}
	if err := chartutil.ProcessDependenciesWithMerge(ch, values); err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(ch, values, as, known.capabilities)
	if err != nil {
		return nil, err
	}
	sess, err := newSession(ctx, config, as.Namespace, known)
	if err != nil {
		return nil, err
	}
	files, err := engine.New(sess.config).Render(ch, all) // templates may look into the cluster
	if err != nil {
		return nil, err
	}
	var out []string
	for name, text := range files {
		if !strings.HasSuffix(name, "NOTES.txt") {
			out = append(out, stored.Documents(text)...)
		}
	}
	slices.Sort(out)
	return out, nil
}

// CopyOf is a chart that may be changed. One that was read out of a release has no files of its own any more, and is
// rendered as it is: Helm stores it without what it would take away.
func CopyOf(loaded *chart.Chart) (*chart.Chart, error) {
	if len(loaded.Raw) == 0 {
		return loaded, nil
	}
	files := make([]*loader.BufferedFile, 0, len(loaded.Raw))
	for _, f := range loaded.Raw {
		files = append(files, &loader.BufferedFile{Name: f.Name, Data: f.Data})
	}
	return loader.LoadFiles(files)
}
