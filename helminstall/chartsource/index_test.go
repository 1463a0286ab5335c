package chartsource

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// writtenByHelm is an index of three charts with so many versions each.
func writtenByHelm(t *testing.T, versions int) []byte {
	t.Helper()
	index := repo.NewIndexFile()
	for _, name := range []string{"alpha", "external-secrets", "zeta"} {
		for i := range versions {
			kubetest.Must(t, index.MustAdd(&chart.Metadata{
				APIVersion: chart.APIVersionV2, Name: name, Version: fmt.Sprintf("0.%d.0", i), AppVersion: "v1",
				Description: "reads secrets:\n- of many\n  kinds\nversion: 9.9.9\n", Keywords: []string{"version: 8.8.8", "urls:"},
				Annotations:  map[string]string{"artifacthub.io/changes": "- kind: added\n  description: |\n    more\n"},
				Dependencies: []*chart.Dependency{{Name: "bitwarden", Version: "0.3.1", Repository: "oci://host/x"}},
			}, fmt.Sprintf("%s-0.%d.0.tgz", name, i), "https://host/charts", fmt.Sprintf("%064d", i)))
		}
	}
	index.SortEntries()
	body, err := yaml.Marshal(index)
	kubetest.Must(t, err)
	return body
}

// TestIndexIsCut: of a large index the same is read as of a small one.
func TestIndexIsCut(t *testing.T) {
	body := writtenByHelm(t, 800)
	if len(body) < wholeIndex {
		t.Fatalf("the index has only %d bytes", len(body))
	}
	for _, name := range []string{"alpha", "external-secrets", "zeta", "absent"} {
		want, err := parseWhole(body, name)
		kubetest.Must(t, err)
		got, err := cutIndex(body, name)
		kubetest.Must(t, err)
		if diff := cmp.Diff(want.entries, got.entries, cmpopts.IgnoreUnexported(entry{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(got.charts) != 3 || (name == "absent") != (len(got.entries) == 0) {
			t.Errorf("%s: %d entries, charts %v", name, len(got.entries), got.charts)
		}
	}
	quoted := []byte(strings.Replace(string(body), "\n  external-secrets:\n", "\n  \"external-secrets\":\n", 1))
	if got, err := parseIndex(quoted, "external-secrets"); err != nil || len(got.entries) != 800 {
		t.Errorf("quoted: %d entries, %v", len(got.entries), err)
	}
}

// TestIndexIsBounded: an index costs little, whatever it is made of.
func TestIndexIsBounded(t *testing.T) {
	const large = 61 << 20
	fill := func(head, line string) []byte { return []byte(head + strings.Repeat(line, large/len(line))) }
	for name, c := range map[string]struct {
		body []byte
		err  string // "" takes it
	}{
		"many versions":        {fill("entries:\n  mini:\n", "  - version: 1.2.3\n"), "more than 10000 versions of mini"},
		"many other charts":    {append(fill("entries:\n  other:\n", "  - version: 1.2.3\n"), "  mini:\n  - version: 1.0.0\n"...), ""},
		"a long version":       {fill("entries:\n  mini:\n  - version: 1", "1"), "not laid out as helm writes it"},
		"a long description":   {append(fill("entries:\n  mini:\n  - description: x", "x"), "\n    version: 1.0.0\n"...), ""},
		"one line":             {fill("entries: {mini: [", "{},"), "lists no charts"},
		"many versions, JSON":  {append(fill(`{"entries":{"mini":[`, `{},`), "{}]}}"...), "more than 10000 versions of mini"},
		"many charts in JSON":  {append(fill(`{"entries":{"other":[`, `{},`), `{}],"mini":[{"version":"1.0.0"}]}}`...), ""},
		"not even an index":    {fill("", "x"), "lists no charts"},
		"entries that are odd": {fill("entries:\n  mini:\n  - version: [\n", "    x\n"), "not laid out as helm writes it"},
	} {
		t.Run(name, func(t *testing.T) {
			start, before := time.Now(), allocated()
			got, err := parseIndex(c.body, "mini")
			if c.err == "" && (err != nil || len(got.entries) != 1) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%d entries, %v", len(got.entries), err)
			}
			took, more := time.Since(start), allocated()-before
			if t.Logf("%s, %d MiB", took, more); took > time.Minute || more > 300 {
				t.Error("that is too much")
			}
		})
	}
}

// allocated is how much memory was asked for so far, in MiB, also what was given back.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc >> 20
}
