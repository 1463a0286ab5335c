package chartsource

import (
	"os"
	"path/filepath"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func digestOf(t *testing.T, path string) string {
	t.Helper()
	ch, err := loader.Load(path)
	kubetest.Must(t, err)
	return contentDigest(ch.Raw)
}

func TestContentDigest(t *testing.T) {
	dir := charttest.Write(t, "1.0.0", "")
	first := digestOf(t, dir)
	if len(first) != 52 {
		t.Errorf("%q does not fit a label", first)
	}
	kubetest.Must(t, os.WriteFile(filepath.Join(dir, "note.bak"), []byte("ignored"), 0o600))
	kubetest.Must(t, os.Chtimes(filepath.Join(dir, "values.yaml"), at(), at()))
	if got := digestOf(t, dir); got != first {
		t.Error("what Helm does not take changes the digest")
	}
	kubetest.Must(t, os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("replicas: 2\n"), 0o600))
	if got := digestOf(t, dir); got == first {
		t.Error("a changed value does not change the digest")
	}
	ch, err := loader.Load(dir)
	kubetest.Must(t, err)
	one, err := chartutil.Save(ch, t.TempDir())
	kubetest.Must(t, err)
	two, err := chartutil.Save(ch, t.TempDir())
	kubetest.Must(t, err)
	if digestOf(t, one) != digestOf(t, two) {
		t.Error("packing the same chart twice changes the digest")
	}
}

func TestSource(t *testing.T) {
	t.Chdir(t.TempDir())
	kubetest.Must(t, os.Mkdir("external-secrets", 0o700))
	kubetest.Must(t, os.Mkdir("mine", 0o700))
	for ref, want := range map[string]Source{
		"": Repository, "external-secrets": Repository, "other": Repository, "mine": Disk, "./external-secrets": Disk,
		"/x": Disk, "x.tgz": Disk, "oci://h/x": Registry,
	} {
		if got := Of(ref, "", "").From; got != want {
			t.Errorf("%q: got %d, want %d", ref, got, want)
		}
	}
}

func TestFirstVersion(t *testing.T) {
	for want, r := range map[string]Ref{
		DefaultVersion: Of("", "", ""), "1.0.0": Of("", "", "1.0.0"), "": Of("other", "", ""),
	} {
		if got := r.FirstVersion(); got != want {
			t.Errorf("%+v: %q", r, got)
		}
	}
	if got := Of("oci://host/charts/external-secrets", "", "").FirstVersion(); got != DefaultVersion {
		t.Errorf("from a registry: %q", got)
	}
}
