package report_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	rules "github.com/uc-cdis/gen3-bootstrap/gen3/lint"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
)

// listed is what secrets list finds in the small umbrella, compared with another version of it.
func listed(t *testing.T) secrets.Result {
	t.Helper()
	d := deployment.Ref{
		Files: []string{gen3test.Values(t, "values.yaml", "global: {externalSecrets: {deploy: true}}\nsower: {enabled: true}")},
		Chart: gen3test.Checkout(t, gen3test.New),
	}
	r, err := secrets.List(t.Context(), bootstrap.Settings{Timeout: time.Minute}, d, secrets.Other{Chart: gen3test.Checkout(t, gen3test.Old)},
		bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(r.Errors)
	}
	return r
}

func fromCluster(source string) secrets.Result {
	r := secrets.NewResult("secrets list")
	r.Source, r.Namespace = source, "commons"
	if source == deployment.Release {
		r.Release, r.Chart.Version = "gen3", "0.3.90"
	}
	return r
}

// strange has what no gen3 chart does by default.
func strange() secrets.Result {
	r := fromCluster(deployment.Release)
	many := make([]secrets.Reader, 0, 12)
	for i := range 12 {
		many = append(many, secrets.Reader{By: "Deployment service-" + string(rune('a'+i)), Via: gen3.ViaVolume})
	}
	many = append(many, secrets.Reader{By: "Job migrate", Keys: []string{"b"}}, secrets.Reader{By: "Job migrate", Keys: []string{"a"}, Via: gen3.ViaEnv})
	r.Secrets = []secrets.Secret{
		{Name: "contradicted", Shapes: []gen3.Shape{gen3.Property, gen3.Whole}, Properties: []string{"a"}, Formats: []string{"yaml"}, Severity: gen3.StopsPods, Readers: many, KubeSecrets: []string{"one", "two"}, SetBy: []string{"fence.externalSecrets.fenceConfig"}, AlsoKubernetes: true},
		{Name: "idle", Shapes: []gen3.Shape{gen3.Extract}, Severity: gen3.SyncOnly, KubeSecrets: []string{"idle"}},
		{Name: "optional", Shapes: []gen3.Shape{gen3.Extract, gen3.Property}, Properties: []string{"p"}, Keys: []string{"k"}, Severity: gen3.Optional, KubeSecrets: []string{"optional"}},
	}
	r.Unnamed = "it takes the chart itself, of which a cluster holds only parts; --gen3-chart gen3 downloads it"
	r.Unjudged = []string{"ExternalSecret idle uses templateFrom, which cannot be judged"}
	return r
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	found := listed(t)
	same := fromCluster(deployment.Files)
	same.Release, same.Compared = "gen3", &secrets.Comparison{Version: "0.3.91"}
	for name, c := range map[string]struct {
		result secrets.Result
		page   report.Page
	}{
		"files":                {result: found},
		"on a narrow terminal": {result: found, page: report.Page{Width: 80}},
		"in colour":            {result: found, page: report.Page{Width: 120, Style: tty.Colour()}},
		"nothing changes":      {result: same},
		"strange":              {result: strange(), page: report.Page{Width: 80}},
		"all of it":            {result: strange(), page: report.Page{All: true}},
		"live":                 {result: fromCluster(deployment.Live)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := report.Secrets(&out, c.page, c.result); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
		})
	}
}

func linted() lint.Result {
	r := lint.NewResult()
	r.Findings = []rules.Finding{
		{Rule: "duplicate-key", Level: rules.Error, Path: "audit", File: "base.yaml", Line: 7, Column: 1, Message: "audit stands here a second time: what line 6 says of it counts for nothing", Hint: "put both together"},
		{Rule: "no-effect", Level: rules.Warning, Path: "wts.externalSecrets.wtsOidcClient", File: "our values/100%.yaml", Line: 3, Column: 5, Message: "wts.externalSecrets.wtsOidcClient changes nothing: the chart makes the same without it"},
		{Rule: "unwritten-secret", Level: rules.Note, File: "a:b.yaml", Message: "Deployment x needs Secret y, which the chart does not make", Hint: "check that it is in the cluster"},
		{Rule: "duplicate-key", Level: rules.Error, File: "/etc/gen3/values.yaml", Line: 1, Column: 1, Message: "audit stands here a second time"},
	}
	return r
}

func TestLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result lint.Result
		page   report.Page
	}{
		"findings":  {result: linted()},
		"in colour": {result: linted(), page: report.Page{Style: tty.Colour()}},
		"clean":     {result: lint.NewResult()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := report.Lint(&out, c.page, c.result); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
		})
	}
}

// TestSARIF: the document has nothing but what SARIF 2.1.0 knows, and fits its schema.
func TestSARIF(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]lint.Result{"findings": linted(), "clean": lint.NewResult()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := report.JSON(&out, report.SARIF(result)); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
			known := json.NewDecoder(bytes.NewReader(out.Bytes()))
			known.DisallowUnknownFields()
			if err := known.Decode(&sarif.Report{}); err != nil {
				t.Fatal(err)
			}
			document, err := sarif.FromBytes(out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			// The library writes these even where they are left out, as SARIF allows; they get the values that SARIF gives them then.
			run := document.Runs[0]
			run.Language, run.Tool.Driver.Language, run.NewlineSequences = "en-US", "en-US", []string{"\r\n", "\n"}
			if err := document.Validate(); err != nil {
				t.Error(err)
			}
			if n := len(run.Results); n != len(result.Findings) {
				t.Errorf("%d results", n)
			}
		})
	}
}
