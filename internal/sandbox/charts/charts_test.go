package charts

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

// TestCharts builds the repository once and looks at it from every side.
func TestCharts(t *testing.T) {
	cache := t.TempDir()
	dir, err := Ensure(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("index", func(t *testing.T) { testIndex(t, dir) })
	t.Run("same again", func(t *testing.T) { testSameAgain(t, cache, dir) })
	t.Run("upstream snapshot", func(t *testing.T) { testSnapshot(t, dir) })
	t.Run("conditions", func(t *testing.T) { testConditions(t, dir) })
	t.Run("served versions", func(t *testing.T) { testServed(t, dir) })
}

func testIndex(t *testing.T, dir string) {
	index, err := repo.LoadIndexFile(filepath.Join(dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{ExternalSecrets: 4, FewObjects: 2} {
		versions := index.Entries[name]
		if len(versions) != want {
			t.Errorf("index has %d versions of %s, want %d", len(versions), name, want)
		}
		for _, v := range versions {
			if len(v.Digest) != 64 || len(v.URLs) != 1 {
				t.Errorf("entry %s %s has digest %q, URLs %v", name, v.Version, v.Digest, v.URLs)
			}
		}
	}
}

func testSameAgain(t *testing.T, cache, dir string) {
	old, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Rebuild(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(filepath.Join(again, indexName))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old, fresh) { // it has the digests
		t.Error("a second build differs from the first")
	}
}

// render renders the CRDs of External Secrets, by template name.
func render(t *testing.T, dir, version string, values map[string]any) map[string]string {
	t.Helper()
	c, err := loader.Load(filepath.Join(dir, ExternalSecrets+"-"+version+".tgz"))
	if err != nil {
		t.Fatal(err)
	}
	c.Templates = crdTemplates(c)
	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "test", Namespace: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := engine.Render(c, all)
	if err != nil {
		t.Fatal(err)
	}
	crds := map[string]string{}
	for name, content := range out {
		if short, ok := strings.CutPrefix(name, ExternalSecrets+"/templates/crds/"); ok && strings.TrimSpace(content) != "" {
			crds[short] = content
		}
	}
	return crds
}

// crdTemplates leaves out what takes long to render and is not ours.
func crdTemplates(c *chart.Chart) []*chart.File {
	var keep []*chart.File
	for _, f := range c.Templates {
		if strings.HasPrefix(f.Name, "templates/crds/") || strings.HasSuffix(f.Name, ".tpl") {
			keep = append(keep, f)
		}
	}
	return keep
}

// testSnapshot compares with what upstream's own chart tests expect.
func testSnapshot(t *testing.T, dir string) {
	module, err := downloadModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(module, "deploy/charts/external-secrets/tests/__snapshot__/crds_test.yaml.snap"))
	if err != nil {
		t.Fatal(err)
	}
	var snapshot map[string]map[int]string
	if err := yaml.Unmarshal(raw, &snapshot); err != nil {
		t.Fatal(err)
	}
	want := normal(t, snapshot["should match snapshot of default values"][1])
	got := normal(t, render(t, dir, "0.16.1", nil)["secretstore.yaml"])
	if want != got {
		t.Error("CRD SecretStore differs from upstream's")
	}
}

// normal is YAML with its keys sorted.
func normal(t *testing.T, doc string) string {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
