package bootstrap

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
)

// TestReleaseBesideGen3 warns where whoever may edit Gen3's namespace would have the operator's rights.
func TestReleaseBesideGen3(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		release string
		skip    bool
		warns   bool
	}{
		"its own namespace":     {release: "external-secrets"},
		"beside Gen3":           {release: "gen3", warns: true},
		"beside Gen3, not ours": {release: "gen3", skip: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Settings{Namespace: "gen3", SkipHelm: test.skip, Helm: helminstall.Settings{Namespace: test.release}}
			target := &Target{Settings: s, Namespace: &corev1.Namespace{}}
			if errs := target.compareNamespace(); len(errs) > 0 {
				t.Fatal(errs)
			}
			warned := strings.Contains(strings.Join(Messages(target.Warnings), "\n"), "release is in namespace gen3, beside Gen3")
			if warned != test.warns {
				t.Errorf("warnings %q", target.Warnings)
			}
		})
	}
}
