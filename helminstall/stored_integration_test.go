package helminstall

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
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
	kubetest.Must(t, err)
	sb.mustKeepProd(t)

	var binding map[string]any
	kubetest.Must(t, yaml.Unmarshal([]byte(forgedHook), &binding))
	const reads = `{{ (lookup "v1" "Secret" "prod" "db").data }}`
	for name, test := range map[string]struct {
		forge func(values map[string]any)
		names []string
	}{
		"an object of the cluster": {func(v map[string]any) { v["extraObjects"] = []any{binding} }, []string{"clusterrolebinding/tenant-admin", "extraObjects"}},
		"one less":                 {func(v map[string]any) { v["webhook"] = map[string]any{"create": false} }, []string{"validatingwebhookconfiguration/", "webhook.create"}},
		"a template that reads": {func(v map[string]any) {
			v["extraObjects"] = []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x"}, "data": map[string]any{"x": reads}}}
		}, []string{"extraObjects", "hold templates"}},
		"one in the name of a value": {func(v map[string]any) { v["podLabels"] = map[string]any{reads: "x"} }, []string{"podLabels", "hold templates"}},
	} {
		var before map[string]any
		sb.tamper(t, func(r *release.Release) {
			before = maps.Clone(r.Config)
			test.forge(r.Config)
		})
		calls := &recorder{}
		s = sb.step(t, calls, func(s *Settings) { s.Set = []string{"podLabels.a=c"} })
		changes, err := s.Observe(t.Context())
		kubetest.Must(t, err)
		if c := changes[0]; c.Action != plan.Blocked || !strings.Contains(c.Hint, "helm get values external-secrets") {
			t.Errorf("%s: %+v", name, c)
		}
		for _, text := range test.names {
			if !strings.Contains(changes[0].Reason, text) {
				t.Errorf("%s: %q does not name %s", name, changes[0].Reason, text)
			}
		}
		if calls.persisted() > 0 {
			t.Errorf("%s: %d writes", name, calls.persisted())
		}
		sb.mustKeepProd(t)
		sb.tamper(t, func(r *release.Release) { r.Config = before })
	}

	// Who gives the values in this run has looked at them.
	given, err := yaml.Marshal(map[string]any{"extraObjects": []any{binding}})
	kubetest.Must(t, err)
	file := filepath.Join(t.TempDir(), "values.yaml")
	kubetest.Must(t, os.WriteFile(file, given, 0o600))
	s = sb.step(t, &recorder{}, func(s *Settings) { s.Set, s.Values = []string{"podLabels.a=c"}, []string{file} })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	_, err = sb.client.RbacV1().ClusterRoleBindings().Get(t.Context(), "tenant-admin", metav1.GetOptions{})
	kubetest.Must(t, err)
}
