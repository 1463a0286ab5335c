package secrets

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const manifest = `---
# Source: gen3/charts/fence/templates/external-secret.yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: fence-config}
spec:
  data: [{secretKey: fence-config.yaml, remoteRef: {key: fence-config}}]
`

const hook = `# Source: gen3/charts/fence/templates/migrate.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {containers: [{name: c, volumeMounts: [{name: v, subPath: fence-config.yaml}]}], volumes: [{name: v, secret: {secretName: fence-config}}]}}}
`

// TestListFromCluster: the release that Helm stored comes first, with its hooks; without one the live objects are read.
func TestListFromCluster(t *testing.T) {
	sandbox := kubetest.Start(t)
	client, err := kubernetes.NewForConfig(sandbox.Config(t))
	kubetest.Must(t, err)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "commons"}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	settings := bootstrap.Settings{Kubeconfig: sandbox.Kubeconfig, Namespace: "commons", Timeout: time.Minute}
	env := bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler), Sink: event.Discard}

	r, err := List(t.Context(), settings, deployment.Ref{}, Other{}, env)
	if err != nil || r.Source != deployment.Live || len(r.Secrets) > 0 {
		t.Errorf("nothing there: %+v, %v", r, err)
	}
	if r, err = List(t.Context(), settings, deployment.Ref{Source: deployment.Release}, Other{}, env); err == nil || len(r.Errors) != 1 {
		t.Errorf("no release: %+v, %v", r, err)
	}

	s, err := stored.NewSecret("sh.helm.release.v1.gen3.v1", &release.Release{
		Name: "gen3", Version: 1, Namespace: "commons", Manifest: manifest, Info: &release.Info{Status: release.StatusDeployed},
		Hooks: []*release.Hook{{Name: "migrate", Kind: "Job", Manifest: hook}},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: "0.3.90"}}, Config: map[string]any{"global": map[string]any{"externalSecrets": map[string]any{"deploy": true}}},
	}, "createdAt", time.Unix(0, 0))
	kubetest.Must(t, err)
	_, err = client.CoreV1().Secrets("commons").Create(t.Context(), s, metav1.CreateOptions{})
	kubetest.Must(t, err)
	r, err = List(t.Context(), settings, deployment.Ref{}, Other{}, env)
	if err != nil || r.Source != deployment.Release || len(r.Secrets) != 1 || r.Secrets[0].Severity.String() != "jobs-only" || r.Chart.Version != "0.3.90" {
		t.Errorf("a release: %+v, %v", r, err)
	}
	restricted := settings
	restricted.Kubeconfig = sandbox.RestrictedKubeconfig
	if r, err := List(t.Context(), restricted, deployment.Ref{Source: deployment.Release}, Other{}, env); err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "secrets is forbidden") {
		t.Errorf("a release that may not be seen: %+v, %v", r, err)
	}
	for _, c := range []struct{ chart, setBy, why string }{
		{gen3test.Checkout(t, gen3test.New), "fence.externalSecrets.fenceConfig", ""},
		{gen3test.Checkout(t, "0.0.0"), "fence.externalSecrets.fenceConfig", ""},
		{"", "", "--gen3-chart gen3 downloads it"},
		{gen3test.Checkout(t, gen3test.Old), "", "is version " + gen3test.Old},
	} {
		r, err := List(t.Context(), settings, deployment.Ref{Chart: c.chart}, Other{}, env)
		if err != nil || strings.Join(r.Secrets[0].SetBy, " ") != c.setBy || !strings.Contains(r.Unnamed, c.why) || (c.why == "") != (r.Unnamed == "") {
			t.Errorf("%+v: %q %q, %v", c, r.Secrets[0].SetBy, r.Unnamed, err)
		}
	}
}
