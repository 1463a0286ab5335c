package helminstall

import (
	"os"
	"path/filepath"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

// writeChart makes a chart directory of one CRD and one Deployment.
func writeChart(t *testing.T, version, extra string) string {
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

func digestOf(t *testing.T, path string) string {
	t.Helper()
	ch, err := loader.Load(path)
	must(t, err)
	return contentDigest(ch.Raw)
}

func TestContentDigest(t *testing.T) {
	dir := writeChart(t, "1.0.0", "")
	first := digestOf(t, dir)
	if len(first) != 52 {
		t.Errorf("%q does not fit a label", first)
	}
	must(t, os.WriteFile(filepath.Join(dir, "note.bak"), []byte("ignored"), 0o600))
	must(t, os.Chtimes(filepath.Join(dir, "values.yaml"), at(), at()))
	if got := digestOf(t, dir); got != first {
		t.Error("what Helm does not take changes the digest")
	}
	must(t, os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("replicas: 2\n"), 0o600))
	if got := digestOf(t, dir); got == first {
		t.Error("a changed value does not change the digest")
	}
	ch, err := loader.Load(dir)
	must(t, err)
	one, err := chartutil.Save(ch, t.TempDir())
	must(t, err)
	two, err := chartutil.Save(ch, t.TempDir())
	must(t, err)
	if digestOf(t, one) != digestOf(t, two) {
		t.Error("packing the same chart twice changes the digest")
	}
}

func TestSource(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("external-secrets", 0o700))
	must(t, os.Mkdir("mine", 0o700))
	for ref, want := range map[string]source{
		"": fromRepo, "external-secrets": fromRepo, "other": fromRepo, "mine": fromDisk, "./external-secrets": fromDisk,
		"/x": fromDisk, "x.tgz": fromDisk, "oci://h/x": fromRegistry,
	} {
		if got := (Settings{Chart: ref}).source(); got != want {
			t.Errorf("%q: got %d, want %d", ref, got, want)
		}
	}
}

func TestFirstVersion(t *testing.T) {
	for want, s := range map[string]Settings{
		DefaultVersion: {}, "1.0.0": {Version: "1.0.0"}, "": {Chart: "other"},
	} {
		if got := s.firstVersion(); got != want {
			t.Errorf("%+v: %q", s, got)
		}
	}
	if got := (Settings{Chart: "oci://host/charts/external-secrets"}).firstVersion(); got != DefaultVersion {
		t.Errorf("from a registry: %q", got)
	}
}
