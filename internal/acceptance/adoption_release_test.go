package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// installAsTheScript does what `helm install external-secrets … --set installCRDs=true` does: no annotation keeps the CRDs.
func (w *world) installAsTheScript(t *testing.T) {
	t.Helper()
	namespace := bootstrap.DefaultReleaseNamespace
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig, flags.Namespace = &w.sandbox.Kubeconfig, &namespace
	config := &action.Configuration{}
	check(t, "configure Helm", config.Init(flags, namespace, "secret", t.Logf))
	install := action.NewInstall(config)
	install.ReleaseName, install.Namespace, install.CreateNamespace = bootstrap.DefaultRelease, namespace, true
	install.RepoURL, install.Version = w.sandbox.ChartRepo, "0.16.2"
	env := cli.New()
	env.RepositoryCache, env.RepositoryConfig = t.TempDir(), t.TempDir()+"/repositories.yaml"
	path, err := install.LocateChart("external-secrets", env)
	check(t, "locate chart", err)
	chart, err := loader.Load(path)
	check(t, "load chart", err)
	_, err = install.RunWithContext(t.Context(), chart, map[string]any{"installCRDs": true})
	check(t, "helm install", err)
}

// TestAdoptionOfTheScriptsRelease: without --adopt the release is used as it is and the danger is told; with it, it is
// taken over with its values, and its CRDs are kept.
func TestAdoptionOfTheScriptsRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownSandbox(t))
	w.settings.SkipHelm, w.settings.Helm.Set = false, nil
	w.settings.Timing.Request = 20 * time.Second
	w.installAsTheScript(t)

	result := w.mustUp(t)
	if r := result.Outputs.Release; r == nil || r.Revision != 1 {
		t.Errorf("up without --adopt: release %+v, want revision 1", r)
	}
	danger := func(s string) bool {
		return strings.Contains(s, "would delete its CRDs") && strings.Contains(s, "--adopt")
	}
	if !slices.ContainsFunc(bootstrap.Messages(result.Warnings), danger) {
		t.Errorf("the danger of an uninstall is not told: %q", result.Warnings)
	}
	if !slices.ContainsFunc(bootstrap.Messages(result.Warnings), func(s string) bool {
		return strings.Contains(s, "the API server cannot ask validate.secretstore.external-secrets.io")
	}) {
		t.Errorf("it is not told that nobody serves the webhook: %q", result.Warnings)
	}
	if crd, err := w.crds(t).Get(t.Context(), "externalsecrets.external-secrets.io", metav1.GetOptions{}); err != nil || crd.GetAnnotations()["helm.sh/resource-policy"] != "" {
		t.Errorf("up without --adopt changed the CRDs: %v", err)
	}
	w.mustBeConverged(t)

	w.settings.Adopt, w.settings.Helm.NoWait = true, true // no operator runs that would serve the webhook
	result = w.mustUp(t)
	if r := result.Outputs.Release; r == nil || r.Revision != 2 || len(result.Warnings) > 0 {
		t.Errorf("up --adopt: release %+v, want revision 2; warnings %q", r, result.Warnings)
	}
	w.mustKeepCRDs(t)
	w.mustHaveOperator(t)
	w.mustBeConverged(t)
	w.settings.Adopt = false
	w.mustBeConverged(t)
}
