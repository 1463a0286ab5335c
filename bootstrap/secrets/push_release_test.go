package secrets

import (
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// release stores a release of the chart with values, as helm or anybody does who may write Secrets, and takes the values files away.
func (c *commons) release(t *testing.T, values map[string]any, objects ...string) {
	t.Helper()
	s, err := stored.NewSecret("sh.helm.release.v1.gen3.v1", &release.Release{
		Name: "gen3", Version: 1, Namespace: c.settings.Namespace, Info: &release.Info{Status: release.StatusDeployed}, Config: values,
		Manifest: strings.Join(objects, "---\n"), Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: gen3test.New}},
	}, "createdAt", time.Unix(0, 0))
	kubetest.Must(t, err)
	_, err = c.kube.CoreV1().Secrets(c.settings.Namespace).Create(t.Context(), s, metav1.CreateOptions{})
	kubetest.Must(t, err)
	c.ref.Files = nil
}

// dbcreds is a Secret of a release's manifest.
func dbcreds(chart string) string {
	return "# Source: gen3/charts/" + chart + "/templates/db-init.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: " + chart + "-dbcreds}\n" +
		"data: {database: eA==, username: eA==, password: eA==, host: eA==, port: eA==}\n"
}

// TestForgedReleaseNamesNothingUnseen: whoever may write Secrets in the namespace may name any secret of the account in a release. Nothing is
// written by that under a name that the operator has neither seen nor given.
func TestForgedReleaseNamesNothingUnseen(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push-forged", "")
	c.release(t, map[string]any{
		"global": map[string]any{"dev": false, "externalSecrets": map[string]any{"deploy": true, "createLocalK8sSecret": true}, "postgres": map[string]any{"master": map[string]any{"host": "db.example.org"}}},
		"fence":  map[string]any{"externalSecrets": map[string]any{"dbcreds": "another-commons-secret"}},
	}, dbcreds("fence"), dbcreds("audit"), `# Source: gen3/charts/audit/templates/external-secret.yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: audit-g3auto}
spec: {data: [{secretKey: audit-service-config.yaml, remoteRef: {key: another-commons-audit}}]}
`)
	refused := func(r bootstrap.Result, err error) {
		t.Helper()
		if err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "unseen, by what release gen3 in namespace push-forged says") || !strings.Contains(r.Errors[0].Hint, "--only") {
			t.Errorf("--yes: %v, %+v, %+v", err, r.Changes, r.Warnings)
		}
	}
	pushed, err := c.push(t.Context(), PushOptions{})
	refused(pushed.Result, err)
	made, err := Generate(t.Context(), c.settings, c.ref, WriteOptions{}, c.env)
	refused(made.Result, err)
	if out, err := c.aws.ListSecrets(t.Context(), nil); err != nil || len(out.SecretList) > 0 {
		t.Errorf("%d secrets were made, %v", len(out.SecretList), err)
	}
	if _, err := c.push(t.Context(), PushOptions{WriteOptions: WriteOptions{Options: writing.Options{Only: []string{"default-audit-creds"}}}}); err != nil {
		t.Errorf("--only: %v", err)
	}
	if got := c.value(t, "another-commons-secret"); !strings.Contains(got, "ResourceNotFoundException") {
		t.Errorf("it holds something now, or: %s", got)
	}
}
