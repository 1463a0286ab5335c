package helminstall

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestSandboxStoredChartAndValues has the release in a namespace that is not its own, where a tenant changes what Helm
// stored: the chart's templates, and values that make the chart create any object.
func TestSandboxStoredChartAndValues(t *testing.T) {
	sb := startSandbox(t)
	sb.makeProd(t)
	sb.makeNamespace(t, eso, nil)
	converges(t, sb, plan.Create, "", func(s *Settings) { s.Version = "0.16.1" })
	label := func(s *Settings) { s.Set = []string{"podLabels.a=b"} }
	sb.tamper(t, func(r *release.Release) {
		r.Chart.Templates = append(r.Chart.Templates, &chart.File{Name: "templates/more.yaml", Data: []byte(forgedHook)})
		r.Config["replicaCount"] = 1 // what stays in the namespace is kept
	})
	s := sb.step(t, &recorder{}, label)
	_, _, err := up(t, s)
	must(t, err)
	sb.mustKeepProd(t)

	var binding map[string]any
	must(t, yaml.Unmarshal([]byte(forgedHook), &binding))
	sb.tamper(t, func(r *release.Release) { r.Config["extraObjects"] = []any{binding} })
	calls := &recorder{}
	s = sb.step(t, calls, func(s *Settings) { s.Set = []string{"podLabels.a=c"} })
	changes, err := s.Observe(t.Context())
	must(t, err)
	if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Reason, "clusterrolebinding/tenant-admin") ||
		!strings.Contains(c.Reason, "extraObjects") || !strings.Contains(c.Hint, "helm get values external-secrets") {
		t.Errorf("%+v", c)
	}
	if calls.persisted() > 0 {
		t.Errorf("%d writes", calls.persisted())
	}
	sb.mustKeepProd(t)

	// Who gives the values in this run has looked at them.
	given, err := yaml.Marshal(map[string]any{"extraObjects": []any{binding}})
	must(t, err)
	file := filepath.Join(t.TempDir(), "values.yaml")
	must(t, os.WriteFile(file, given, 0o600))
	s = sb.step(t, &recorder{}, func(s *Settings) { s.Set, s.Values = []string{"podLabels.a=c"}, []string{file} })
	_, _, err = up(t, s)
	must(t, err)
	_, err = sb.client.RbacV1().ClusterRoleBindings().Get(t.Context(), "tenant-admin", metav1.GetOptions{})
	must(t, err)
}
