package helminstall

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func TestCheck(t *testing.T) {
	good := Settings{Release: "external-secrets", Namespace: "external-secrets"}
	tests := map[string]struct {
		change func(*Settings)
		want   []string // a part of each error
	}{
		"defaults":       {func(*Settings) {}, nil},
		"everything":     {func(s *Settings) { s.Version, s.Repo, s.Set = "v1.2.3", "https://u:p@host/x", []string{"a=1"} }, nil},
		"names":          {func(s *Settings) { s.Release, s.Namespace = "Bad_Name", "also.bad" }, []string{"--release ", "--release-namespace"}},
		"no names":       {func(s *Settings) { s.Release, s.Namespace = "", "" }, []string{"--release ", "--release-namespace"}},
		"version":        {func(s *Settings) { s.Version = "latest" }, []string{`--chart-version "latest"`}},
		"repo":           {func(s *Settings) { s.Repo = "charts" }, []string{"--chart-repo"}},
		"repo scheme":    {func(s *Settings) { s.Repo = "ftp://u:secret@host" }, []string{"ftp"}},
		"repo oci":       {func(s *Settings) { s.Repo = "oci://host/x" }, []string{"registry"}},
		"repo/name":      {func(s *Settings) { s.Chart = "external-secrets/external-secrets" }, []string{"no such file"}},
		"oci":            {func(s *Settings) { s.Chart = "oci://ghcr.io/org/external-secrets" }, nil},
		"oci host only":  {func(s *Settings) { s.Chart = "oci://ghcr.io" }, []string{"oci://"}},
		"oci tag":        {func(s *Settings) { s.Chart = "oci://ghcr.io/a/b:1.0" }, []string{"tag"}},
		"absent dir":     {func(s *Settings) { s.Chart = "./nowhere" }, []string{"load chart ./nowhere: no such file or directory"}},
		"not a chart":    {func(s *Settings) { s.Chart = "./" }, []string{"load chart"}},
		"chart":          {func(s *Settings) { s.Chart = charttest.Write(t, "1.2.3", "") }, nil},
		"chart, version": {func(s *Settings) { s.Chart, s.Version = charttest.Write(t, "1.2.3", ""), "1.2.4" }, []string{"is version 1.2.3"}},
		"library":        {func(s *Settings) { s.Chart = charttest.Write(t, "1.2.3", "type: library") }, []string{"library"}},
		"dependency": {func(s *Settings) {
			s.Chart = charttest.Write(t, "1.0.0", "dependencies: [{name: x, version: 1.0.0, repository: 'https://h'}]")
		}, []string{"missing in charts"}},
		"values absent":   {func(s *Settings) { s.Values = []string{"/nowhere.yaml"} }, []string{"read values file /nowhere.yaml: no such file"}},
		"values a dir":    {func(s *Settings) { s.Values = []string{t.TempDir()} }, []string{": is a directory"}},
		"values endless":  {func(s *Settings) { s.Values = []string{"/dev/zero"} }, []string{"read values file /dev/zero: larger than 2 MiB"}},
		"set, no key":     {func(s *Settings) { s.Set = []string{"="} }, []string{"parse --set: a value without a key"}},
		"values no YAML":  {func(s *Settings) { s.Values = []string{file(t, "v.yaml", "secret: [")} }, []string{"not a YAML mapping"}},
		"values a list":   {func(s *Settings) { s.Values = []string{file(t, "v.yaml", "- secret")} }, []string{"not a YAML mapping"}},
		"values empty":    {func(s *Settings) { s.Values = []string{file(t, "v.yaml", "")} }, nil},
		"set":             {func(s *Settings) { s.Set = []string{"secret"} }, []string{"parse --set"}},
		"set contradicts": {func(s *Settings) { s.Set = []string{"a=secret", "a.b=secret"} }, []string{"parse --set a.b"}},
		"all at once":     {func(s *Settings) { s.Release, s.Version, s.Set = "-", "x", []string{"y"} }, []string{"--release", "--chart-version", "--set"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := good
			test.change(&s)
			_, more := ReadInputs(t.Context(), s)
			errs := append(s.Check(), more...)
			if len(errs) != len(test.want) {
				t.Fatalf("got %v, want %d errors", errs, len(test.want))
			}
			for i, err := range errs {
				if !strings.Contains(err.Error(), test.want[i]) || strings.Contains(err.Error(), "secret:") || strings.Contains(err.Error(), "u:secret") {
					t.Errorf("got %q, want %q", err, test.want[i])
				}
				if hint.Of(err) == "" {
					t.Errorf("%q has no hint", err)
				}
			}
		})
	}
}
