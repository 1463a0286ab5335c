// Package charttest makes charts for tests.
package charttest

import (
	"os"
	"path/filepath"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// TwoObjects is the manifest of a release of mini with a CRD and a Deployment.
const TwoObjects = `---
# Source: mini/templates/crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.org
spec:
  maximum: 9223372036854775807
---
# Source: mini/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: mini
`

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
		kubetest.Must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		kubetest.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// Pack is the archive of mini 1.1.0, and its sha256 in hexadecimal.
func Pack(t *testing.T) (archive, digest string) {
	t.Helper()
	ch, err := loader.Load(Write(t, "1.1.0", ""))
	kubetest.Must(t, err)
	path, err := chartutil.Save(ch, t.TempDir())
	kubetest.Must(t, err)
	data, err := os.ReadFile(path) //nolint:gosec // a file of the test
	kubetest.Must(t, err)
	return string(data), hexSum(string(data))
}
