package helminstall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/strvals"

	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	kubetest.Must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestOverlay(t *testing.T) {
	s := Settings{
		Values: []string{file(t, "a.yaml", "a: {x: 1, w: 2}\nlist: [1, 2]"), file(t, "b.yaml", "a: {w: 3}\nlist: [9]")},
		Set:    []string{"a.z=4", "commas={x,y}", `dotted\.key=v`, "gone=null"},
	}
	s, errs := ReadInputs(t.Context(), s)
	kubetest.Must(t, errors.Join(errs...))
	got, err := normal(s.Inputs.values)
	kubetest.Must(t, err)
	want := map[string]any{
		"a": map[string]any{"x": 1.0, "w": 3.0, "z": 4.0}, "list": []any{9.0}, "commas": []any{"x", "y"},
		"dotted.key": "v", "gone": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeValuesLeavesItsArgumentsAlone(t *testing.T) {
	a := map[string]any{"m": map[string]any{"x": 1}}
	helmvalues.Merge(a, map[string]any{"m": map[string]any{"y": 2}})
	if diff := cmp.Diff(map[string]any{"m": map[string]any{"x": 1}}, a); diff != "" {
		t.Error(diff)
	}
}

func TestChangedKeys(t *testing.T) {
	tests := map[string]struct {
		a, b map[string]any
		want []string
	}{
		"same":          {map[string]any{"a": 1.0}, map[string]any{"a": 1.0}, nil},
		"int and float": {map[string]any{"a": 1}, map[string]any{"a": 1.0}, nil},
		"nested":        {map[string]any{"a": map[string]any{"b": "x"}}, map[string]any{"a": map[string]any{"b": "y", "c": 1}}, []string{"a.b", "a.c"}},
		"whole branch":  {nil, map[string]any{"a": map[string]any{"b.c": 1}}, []string{`a."b.c"`}},
		"empty branch":  {nil, map[string]any{"a": map[string]any{}}, []string{"a"}},
		"other type":    {map[string]any{"a": "x"}, map[string]any{"a": map[string]any{"b": 1}}, []string{"a"}},
		"null":          {nil, map[string]any{"a": nil}, []string{"a"}},
		"list":          {map[string]any{"a": []any{1}}, map[string]any{"a": []any{2}}, []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := normal(test.a)
			kubetest.Must(t, err)
			b, err := normal(test.b)
			kubetest.Must(t, err)
			if got := changedKeys(a, b); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseSet(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		"a=1": "", "a=": "", "a={}": "", "a={x,=y}": "", `a=b\,=c`: "", "a=b,": "", "a[0]=x": "", "a=null": "", "a.b=c,d=e": "",
		`annotations.helm\.sh/x=keep`: "",
		"=":                           "without a key", "=x": "without a key", "a=1,=2": "without a key", ".a=1": "without a key", "a.=1": "not key=value",
		"[0]=x": "without a key", "a": "without =", "a=1,b": "not key=value", "a=1,a.b=2": "parse --set a",
	} {
		err := parseSet("--set", expr, map[string]any{}, strvals.ParseInto)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", expr, err, want)
		}
	}
}

// TestSetsAsHelm: the four ways to give single values, in helm's order whatever the order of the flags.
func TestSetsAsHelm(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("line one\nline two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Settings{Set: []string{"a=1", "d.e=x"}, SetString: []string{"b=1"}, SetJSON: []string{`c={"x":[1,2]}`, "a=2"}, SetFile: []string{"ca=" + file}}
	got, errs := s.readValues(t.Context())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := map[string]any{"a": int64(1), "b": "1", "c": map[string]any{"x": []any{1.0, 2.0}}, "d": map[string]any{"e": "x"}, "ca": "line one\nline two\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s = Settings{SetString: []string{"x"}, SetJSON: []string{"k=hunter2{"}, SetFile: []string{"f=/nonexistent/hunter2"}}
	_, errs = s.readValues(t.Context())
	if len(errs) != 3 || strings.Contains(fmt.Sprint(errs), "hunter2{") {
		t.Errorf("%v", errs)
	}
}
