package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/yaml"
)

const chartFile = "Chart.yaml"

// files maps slash-separated names inside a chart to their content.
type files map[string][]byte

// setVersion rewrites Chart.yaml; an empty app version leaves the field alone.
func (f files) setVersion(version, appVersion string) error {
	var meta map[string]any
	if err := yaml.Unmarshal(f[chartFile], &meta); err != nil {
		return fmt.Errorf("parse %s: %w", chartFile, err)
	}
	meta["version"] = version
	if appVersion != "" {
		meta["appVersion"] = appVersion
	}
	// Its one dependency is off by default, and comes from a registry.
	delete(meta, "dependencies")
	content, err := yaml.Marshal(meta)
	if err != nil {
		return fmt.Errorf("write %s: %w", chartFile, err)
	}
	f[chartFile] = content
	return nil
}

// pack makes the archive of a chart: sorted, without times or owners, so that
// equal charts have equal digests.
func (f files) pack(name, version string) (archive, error) {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	tw := tar.NewWriter(zw)
	for _, file := range slices.Sorted(maps.Keys(f)) {
		h := &tar.Header{Name: path.Join(name, file), Mode: 0o644, Size: int64(len(f[file])), Format: tar.FormatPAX}
		if err := tw.WriteHeader(h); err != nil {
			return archive{}, fmt.Errorf("pack %s: %w", file, err)
		}
		if _, err := tw.Write(f[file]); err != nil {
			return archive{}, fmt.Errorf("pack %s: %w", file, err)
		}
	}
	if err := tw.Close(); err != nil {
		return archive{}, fmt.Errorf("pack %s: %w", name, err)
	}
	if err := zw.Close(); err != nil {
		return archive{}, fmt.Errorf("pack %s: %w", name, err)
	}
	return archive{name: fmt.Sprintf("%s-%s.tgz", name, version), content: buf.Bytes()}, nil
}
