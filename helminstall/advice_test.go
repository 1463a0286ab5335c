package helminstall

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestAdviceOnAnUnprovenRelease: a tenant can forge a release with hooks, its operator and a record that names them. No
// command that acts on it is shown to an administrator, unless a cluster-wide object names the release.
func TestAdviceOnAnUnprovenRelease(t *testing.T) {
	t.Parallel()
	op := Operator{Namespace: "tenant", Name: "web;id", Owner: owner.Owner{Release: "eso", Namespace: "tenant"}}
	for name, test := range map[string]struct {
		seen  Observed
		adopt bool
	}{
		"its Secret says ours": {seen: Observed{Release: aRelease(status(release.StatusDeployed))}},
		"no Secret":            {},
		"no Secret, CRDs":      {seen: Observed{CRDsName: true}, adopt: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Step{Settings: Settings{Release: "eso", Namespace: "tenant"}}
			s.seen = &test.seen
			s.seen.Operators = []Operator{op}
			c := s.destroyChange()
			text := strings.Join(append([]string{c.Hint}, c.More...), "\n")
			if c.Action != plan.Blocked || strings.Contains(text, "helm uninstall") || strings.Contains(text, "up --adopt") != test.adopt {
				t.Errorf("%s, hint %q", c.Action, text)
			}
			if !test.adopt && !strings.Contains(text, "kubectl get deployment 'web;id' -n tenant -o yaml") {
				t.Errorf("hint %q", text)
			}
			if lines := hint.Lines(hint.Blocked(c)); len(lines) != 2 || strings.Contains(lines[0], "\n") {
				t.Errorf("lines %q", lines)
			}
		})
	}
}
