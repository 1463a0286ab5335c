package report_test

import (
	"bytes"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// checkedWith is a deployment of three secrets, one of which has these findings.
func checkedWith(findings ...secrets.Finding) secrets.CheckResult {
	r := secrets.NewCheckResult(bootstrap.Settings{Account: "111122223333", Region: "us-east-1"})
	r.Source, r.Release, r.Chart.Version, r.ReadAs = deployment.Files, "gen3", "0.3.90", "arn:aws:iam::111122223333:user/me"
	for _, name := range []string{"audit-g3auto", "fence-config", "fence-jwt-keys"} {
		r.Secrets = append(r.Secrets, secrets.Checked{Secret: secrets.Secret{Name: name, SetBy: []string{"x.externalSecrets." + name}}, State: reading.Readable})
	}
	r.Secrets[1].Findings = findings
	return r
}

func TestCheck(t *testing.T) {
	t.Parallel()
	reader := []secrets.Reader{{By: "Deployment fence-deployment", Keys: []string{"fence-config.yaml"}}, {By: "Job useryaml", Keys: []string{"fence-config.yaml"}}}
	missing := checkedWith(secrets.Finding{State: check.Missing, Severity: gen3.StopsPods, Message: "Secrets Manager has no secret fence-config in region us-east-1; there is demo-fence-config", Hint: "make it", Readers: reader})
	missing.Secrets[1].State = reading.Missing
	operator := checkedWith(secrets.Finding{State: check.Denied, Severity: gen3.StopsPods, Message: "arn may not read it", Hint: "up", Readers: reader})
	operator.AsOperator, operator.Secrets[0].AsCaller, operator.Secrets[1].AsCaller = true, reading.Readable, reading.Readable
	operator.Secrets[1].State = reading.Denied
	several := checkedWith(
		secrets.Finding{State: check.Placeholder, Severity: gen3.AtUse, Message: "it has a placeholder at ENCRYPTION_KEY", Hint: "put the true value there", Readers: reader},
		secrets.Finding{State: check.LacksKey, Severity: gen3.JobsOnly, Message: "it has no key port", Hint: "add it"},
	)
	several.NamesOnly, several.Unjudged = true, []string{"ExternalSecret x uses templateFrom, which cannot be judged"}
	failed := secrets.NewCheckResult(bootstrap.Settings{})
	failed.Errors = []bootstrap.Problem{{Message: "no"}}
	for name, c := range map[string]struct {
		result secrets.CheckResult
		page   report.Page
	}{
		"well":      {result: checkedWith()},
		"missing":   {result: missing, page: report.Page{Invocation: hint.Invocation{"--account", "111122223333"}}},
		"operator":  {result: operator},
		"in colour": {result: several, page: report.Page{Width: 80, Style: tty.Colour()}},
		"failed":    {result: failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := report.Check(&out, c.page, c.result); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
		})
	}
}
