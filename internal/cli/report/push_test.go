package report_test

import (
	"bytes"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

// TestSwitchOver: each step with its values and its commands on lines of their own, to be pasted; what does not print is shown as an escape.
func TestSwitchOver(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := report.SwitchOver(&out, report.Page{}, []secrets.Instruction{
		{Text: "have Helm keep the Secrets", Commands: []string{"kubectl -n gen3 annotate secret fence-dbcreds helm.sh/resource-policy=keep --overwrite"}},
		{Text: "upgrade \x1b[31mwith these values", Values: []string{"global.externalSecrets.createLocalK8sSecret=false"}, Commands: []string{"helm upgrade gen3 gen3/gen3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, out.String())
	out.Reset()
	if err := report.SwitchOver(&out, report.Page{}, nil); err != nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
}
