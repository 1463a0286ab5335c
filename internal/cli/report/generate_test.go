package report_test

import (
	"bytes"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/generate"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

// TestSupplied: what is to be filled in, and what is not made, by who has it; what does not print is shown as an escape.
func TestSupplied(t *testing.T) {
	t.Parallel()
	license := secrets.Secret{
		Name: "stata-workspace-gen3-license", Shapes: []gen3.Shape{gen3.Whole}, Severity: gen3.AtUse, SetBy: []string{"hatchery.externalSecrets.stataG3auto"},
		Readers: []secrets.Reader{{By: "ConfigMap manifest-hatchery", Secret: "stata-workspace-gen3-license", Keys: []string{"stata.lic"}, Via: gen3.ViaText}},
	}
	database := secrets.Secret{
		Name: "default-audit-creds", Shapes: []gen3.Shape{gen3.Extract}, Keys: []string{"database", "password"}, Severity: gen3.StopsPods, SetBy: []string{"audit.externalSecrets.dbcreds"},
		Readers: []secrets.Reader{{By: "Deployment audit-deployment", Secret: "audit-dbcreds", Keys: []string{"database", "password"}, Via: gen3.ViaEnv}},
	}
	unnamed := secrets.Secret{Shapes: []gen3.Shape{gen3.Property}, Properties: []string{"password"}, Severity: gen3.SyncOnly}
	r := secrets.GenerateResult{
		Fill: []secrets.Fill{{Name: "fence-config", Paths: []string{"BASE_URL", "OPENID_CONNECT"}}, {Name: "pelicanservice-g3auto", Paths: []string{"aws_access_key_id\x1b[31m"}}},
		NotMade: []secrets.NotMade{
			{Secret: license, State: generate.Operators, Why: "the chart itself makes nothing of stata.lic"},
			{Secret: database, State: generate.InUse, Why: "Secret audit-dbcreds is in the cluster, and something may depend on what it holds", Hint: "push it from there"},
			{Secret: secrets.Secret{Name: "wts-oidc-client", Shapes: []gen3.Shape{gen3.Extract}, Severity: gen3.SyncOnly}, State: generate.ByJob, Why: "a job fills Secret wts-oidc-client, once fence runs"},
			{Secret: unnamed, State: generate.Blocked, Why: "an ExternalSecret reads it under no name: vectis", Hint: "set the value for its name"},
		},
	}
	for name, page := range map[string]report.Page{"wide": {}, "narrow": {Width: 60}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := report.Supplied(&out, page, r); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
		})
	}
	var out bytes.Buffer
	if err := report.Supplied(&out, report.Page{}, secrets.GenerateResult{}); err != nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
}
