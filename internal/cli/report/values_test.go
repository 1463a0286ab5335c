package report

import (
	"bytes"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
)

func TestProof(t *testing.T) {
	t.Parallel()
	chart := deployment.Chart{Name: "gen3", Version: "0.3.90"}
	for name, p := range map[string]*values.Proof{
		"not rendered":  nil,
		"changed":       {Chart: chart, Before: []string{"audit-g3auto", "fence-config", "mine"}, After: []string{"demo-fence-config", "mine"}, Local: []string{"audit-g3auto"}},
		"not known":     {Chart: chart, After: []string{"fence-config"}},
		"hostile names": {Chart: deployment.Chart{Name: "g\x1b[2J", Version: "\n"}, Before: []string{"\x1b]0;x\x07"}, After: []string{"a\nb"}, Local: []string{"\r"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			Proof(&out, tty.Style{}, p)
			golden.Equal(t, out.String())
		})
	}
}
