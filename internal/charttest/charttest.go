// Package charttest makes charts for tests.
package charttest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

// Write makes the directory of a chart "mini" of one ConfigMap. extra is more of its Chart.yaml.
func Write(t *testing.T, version, extra string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mini")
	for name, text := range map[string]string{
		"Chart.yaml":              "apiVersion: v2\nname: mini\nversion: " + version + "\n" + extra + "\n",
		"values.yaml":             "replicas: 1\n",
		".helmignore":             "*.bak\n",
		"templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mini\ndata:\n  replicas: {{ .Values.replicas | quote }}\n",
	} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// Pack is the archive of mini 1.1.0, and its sha256 in hexadecimal.
func Pack(t *testing.T) (archive, digest string) {
	t.Helper()
	ch, err := loader.Load(Write(t, "1.1.0", ""))
	must(t, err)
	path, err := chartutil.Save(ch, t.TempDir())
	must(t, err)
	data, err := os.ReadFile(path) //nolint:gosec // a file of the test
	must(t, err)
	sum := sha256.Sum256(data)
	return string(data), hex.EncodeToString(sum[:])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
