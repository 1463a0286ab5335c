// Package render makes the objects of a gen3 deployment: it loads a chart, merges values as helm does, and renders on this side,
// without a cluster. What values hold is never told, only the names of keys.
package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Where Gen3 publishes its charts.
const (
	DefaultChart = "gen3"
	DefaultRepo  = "https://helm.gen3.org"
)

// DefaultRelease is what most call their release of the gen3 chart.
const DefaultRelease = "gen3"

// maxArchive is how large the archive of a chart may be; gen3's has some 2 MiB.
const maxArchive = 64 << 20

// LeftOut is a dependency that is not part of what was rendered, since it would have to be downloaded.
type LeftOut struct {
	Name      string `json:"name"`
	Condition string `json:"condition,omitempty"` // the value that switches it on
	Parent    string `json:"parent"`              // the chart that wants it
}

// Chart is a chart that is ready to be rendered, any number of times.
type Chart struct {
	Warnings []string

	chart   *chart.Chart
	leftOut []LeftOut
}

// Unreleased is the version of a chart from a git checkout.
const Unreleased = "unreleased"

// Version is the chart's, or Unreleased.
func (c *Chart) Version() string {
	if v := c.chart.Metadata.Version; v != "0.0.0" {
		return v
	}
	return Unreleased
}

// Name is what the chart calls itself.
func (c *Chart) Name() string { return c.chart.Metadata.Name }

// Load brings a chart into memory: ref is a name in Gen3's repository, a directory, a .tgz or oci://..., version "" is whichever
// there is.
func Load(ctx context.Context, client *http.Client, ref, version string) (*Chart, error) {
	source := sourceOf(ref, version)
	if source.From == chartsource.Disk {
		return loadDisk(ctx, source)
	}
	got, err := source.Fetch(ctx, client, version)
	if err != nil {
		return nil, rehint(err)
	}
	out := &Chart{chart: got.Chart, Warnings: got.Warnings}
	return out, out.complete(ctx, "")
}

// sourceOf reads a reference as helm does, except that gen3 alone is the one of Gen3's repository, whatever the working
// directory has.
func sourceOf(ref, version string) chartsource.Ref {
	if ref == "" || ref == DefaultChart {
		return chartsource.Ref{Chart: DefaultChart, Repo: DefaultRepo, Version: version, From: chartsource.Repository}
	}
	return chartsource.Of(ref, DefaultRepo, version)
}

// OnDisk reports whether a reference is a directory or a file.
func OnDisk(ref string) bool { return sourceOf(ref, "").From == chartsource.Disk }

// rehint keeps the advice that is about the chart, and replaces what names flags of the operator's chart.
func rehint(err error) error {
	if strings.Contains(hint.Of(err), "--chart") {
		return hint.With(err, "check --gen3-chart, --gen3-version and the proxy settings (HTTPS_PROXY); "+
			"without access to the internet, give the chart as --gen3-chart DIRECTORY or FILE.tgz")
	}
	return err
}

func loadDisk(ctx context.Context, ref chartsource.Ref) (*Chart, error) {
	root := ""
	ch, err := bound.InTime(ctx, func() (*chart.Chart, error) {
		info, err := os.Stat(ref.Chart)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			root = ref.Chart
			return loader.LoadDir(ref.Chart)
		}
		archive, err := bound.ReadFile(ref.Chart, maxArchive)
		if err != nil {
			return nil, err
		}
		return loader.LoadArchive(bytes.NewReader(archive))
	})
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", ref.Chart, bound.Cause(err)), "check the path given as --gen3-chart")
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("load chart %s: %w", ref.Chart, err), "check it with: "+hint.Command("helm", "lint", ref.Chart))
	}
	out := &Chart{chart: ch}
	if v := out.Version(); ref.Version != "" && v != Unreleased && !chartsource.SameVersion(ref.Version, v) {
		return nil, hint.With(fmt.Errorf("check --gen3-version %s: the chart at %s is version %s", ref.Version, ref.Chart, v),
			"leave --gen3-version out, or check that version of the chart out")
	}
	if out.Version() == Unreleased && ref.Version != "" {
		ch.Metadata.Version = ref.Version
	}
	return out, out.complete(ctx, root)
}

// complete adds the dependencies that stand beside a chart in a git checkout, as `helm dependency build` would write them into
// its directory, and remembers those that are somewhere else.
func (c *Chart) complete(ctx context.Context, root string) error {
	s := siblings{loaded: map[string]*chart.Chart{}}
	_, err := bound.InTime(ctx, func() (struct{}, error) { return struct{}{}, s.addTo(c.chart, root) })
	c.leftOut = s.leftOut
	return err
}

// siblings finds the charts that a chart's dependencies name as file://... .
type siblings struct {
	loaded  map[string]*chart.Chart // by directory; complete, and not part of any other
	leftOut []LeftOut
}

func (s *siblings) addTo(ch *chart.Chart, dir string) error {
	vendored := map[string]bool{}
	for _, d := range ch.Dependencies() {
		vendored[d.Name()] = true
	}
	for _, want := range ch.Metadata.Dependencies {
		if vendored[want.Name] {
			continue
		}
		path, beside := strings.CutPrefix(want.Repository, "file://")
		if !beside || dir == "" {
			s.leave(ch, want)
			continue
		}
		sub, err := s.load(filepath.Join(dir, path))
		if err != nil {
			return hint.With(fmt.Errorf("load chart %s, which chart %s needs: %w", want.Name, ch.Name(), bound.Cause(err)),
				"give the directory of the chart within a whole checkout of its repository")
		}
		vendored[want.Name] = true
		ch.AddDependency(clone(sub))
	}
	return nil
}

func (s *siblings) leave(ch *chart.Chart, want *chart.Dependency) {
	for _, known := range s.leftOut {
		if known.Name == want.Name && known.Parent == ch.Name() {
			return
		}
	}
	s.leftOut = append(s.leftOut, LeftOut{Name: want.Name, Condition: want.Condition, Parent: ch.Name()})
}

func (s *siblings) load(dir string) (*chart.Chart, error) {
	if ch := s.loaded[dir]; ch != nil {
		return ch, nil
	}
	ch, err := loader.LoadDir(dir)
	if err != nil {
		return nil, err
	}
	s.loaded[dir] = ch // before its own are added: a circle would have no end
	return ch, s.addTo(ch, dir)
}

// clone copies what a render changes of a chart. Its templates are shared.
func clone(ch *chart.Chart) *chart.Chart {
	meta := *ch.Metadata
	meta.Dependencies = make([]*chart.Dependency, 0, len(ch.Metadata.Dependencies))
	for _, d := range ch.Metadata.Dependencies {
		copied := *d
		meta.Dependencies = append(meta.Dependencies, &copied)
	}
	out := &chart.Chart{Metadata: &meta, Lock: ch.Lock, Templates: ch.Templates, Values: copyMap(ch.Values), Schema: ch.Schema, Files: ch.Files}
	for _, d := range ch.Dependencies() {
		out.AddDependency(clone(d))
	}
	return out
}

// copyMap copies a tree of values.
func copyMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	copied, _ := copyValue(m).(map[string]any)
	return copied
}

func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, inner := range v {
			out[k] = copyValue(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = copyValue(inner)
		}
		return out
	default:
		return v
	}
}
