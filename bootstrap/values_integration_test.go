package bootstrap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// TestModesAndValues has each mode converge on the real chart, and a SecretStore accepted that is made by the values.
func TestModesAndValues(t *testing.T) {
	c := startCluster(t)
	for name, mode := range map[string]func(*bootstrap.Settings){
		"keys":             func(*bootstrap.Settings) {},
		"irsa":             func(s *bootstrap.Settings) { s.IRSA, s.CreateOIDCProvider, s.IAMPath = true, true, "/gen3/" },
		"global-user":      func(s *bootstrap.Settings) { s.UseGlobalUser = true },
		"irsa+global-user": func(s *bootstrap.Settings) { s.IRSA, s.UseGlobalUser, s.CreateOIDCProvider = true, true, true },
	} {
		t.Run(name, func(t *testing.T) {
			s := c.newStage(t, awsfake.Start(t), "mode-"+strings.ReplaceAll(name, "+", "-"))
			mode(&s.settings)
			// No pod runs in the sandbox, so the chart's webhooks would refuse every store.
			s.settings.Helm.Set = []string{"webhook.create=false", "certController.create=false"}
			proxy := kubeproxy.Start(t, c.config)
			s.settings.Kubeconfig = proxy.Kubeconfig(t, s.settings.Namespace)
			if s.settings.UseGlobalUser {
				c.globalSecret(t, s.settings.Namespace)
			}
			first := s.up(t)
			proxy.ResetCalls()
			second := s.mustBeConverged(t)
			if writes := proxy.Writes(); len(writes) > 0 {
				t.Errorf("a second up wrote %v", writes)
			}
			if s.settings.UseGlobalUser && len(second.Warnings) > 0 {
				t.Errorf("warnings %q", second.Warnings)
			}
			values := s.values(t)
			if values.Mode != name || values.RoleARN != first.Outputs.RoleARN {
				t.Errorf("mode %s, role %s, up had %s", values.Mode, values.RoleARN, first.Outputs.RoleARN)
			}
			c.makeStore(t, s.settings.Namespace, values)
		})
	}
	t.Run("values without a record", func(t *testing.T) { testValuesWithoutRecord(t, c) })
	t.Run("gen3 release", func(t *testing.T) { testGen3Release(t, c) })
	t.Run("gen3 release of no version", func(t *testing.T) { testNoVersion(t, c) })
}

// globalSecret is a key that the operator keeps himself.
func (c *cluster) globalSecret(t *testing.T, namespace string) {
	t.Helper()
	c.namespace(t, namespace)
	_, err := c.kube.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bootstrap.DefaultGlobalUserSecret},
		StringData: map[string]string{
			"access-key": "AKIAEXAMPLEGLOBAL0000", "secret-access-key": "global-EXAMPLE",
			"credentials": "[default]\naws_access_key_id = AKIAEXAMPLEGLOBAL0000\naws_secret_access_key = global-EXAMPLE\n",
		},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// values asks as a later command line does, on which nothing is named.
func (s *stage) values(t *testing.T) values.Result {
	t.Helper()
	later := &stage{cluster: s.cluster, aws: s.aws, settings: s.settings}
	later.forget()
	result, err := values.Run(t.Context(), later.settings, values.Options{}, s.env())
	if err != nil {
		t.Fatalf("values: %v %+v", err, result.Errors)
	}
	var parsed map[string]any
	kubetest.Must(t, yaml.UnmarshalStrict([]byte(result.Text), &parsed))
	return result
}

// makeStore makes the SecretStore that the gen3 chart's template makes of such values (gen3-helm,
// helm/common/templates/_external_secrets.tpl), in a store of its own shape and on the real CRD.
func (c *cluster) makeStore(t *testing.T, namespace string, values values.Result) {
	t.Helper()
	get := func(fields ...string) any {
		v, found, err := unstructured.NestedFieldNoCopy(values.Values, append([]string{"global"}, fields...)...)
		if err != nil || !found {
			t.Fatalf("values have no %v: %v", fields, values.Values)
		}
		return v
	}
	auth := map[string]any{"secretRef": map[string]any{
		"accessKeyIDSecretRef":     map[string]any{"name": bootstrap.ChartSecretName, "key": "access-key"},
		"secretAccessKeySecretRef": map[string]any{"name": bootstrap.ChartSecretName, "key": "secret-access-key"},
	}}
	if get("aws", "secretStoreServiceAccount", "enabled") == true {
		auth = map[string]any{"jwt": map[string]any{"serviceAccountRef": map[string]any{"name": get("aws", "secretStoreServiceAccount", "name")}}}
	}
	if get("externalSecrets", "deploy") != true {
		t.Error("the chart would make no store")
	}
	api, _ := get("externalSecrets", "apiVersion").(string)
	store := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": api, "kind": "SecretStore", "metadata": map[string]any{"name": "gen3-secret-store"},
		"spec": map[string]any{"provider": map[string]any{"aws": map[string]any{"service": "SecretsManager", "region": get("aws", "region"), "auth": auth}}},
	}}
	group, version, _ := strings.Cut(api, "/")
	stores := c.dynamic.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: "secretstores"}).Namespace(namespace)
	eventually(t, "the API of a new CRD", func(ctx context.Context) bool {
		_, err := stores.Create(ctx, store, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		if !apierrors.IsNotFound(err) {
			kubetest.Must(t, err)
		}
		return err == nil
	})
}

func testValuesWithoutRecord(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t), "unknown")
	result, err := values.Run(t.Context(), s.settings, values.Options{}, s.env())
	if err == nil || len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Message, "nothing is recorded") {
		t.Errorf("got %v %+v", err, result.Errors)
	}
	s.settings.IRSA, s.settings.RoleName = true, "by-terraform"
	result, err = values.Run(t.Context(), s.settings, values.Options{}, s.env())
	if err == nil || !strings.Contains(fmt.Sprint(result.Errors), "by-terraform") {
		t.Errorf("got %v %+v", err, result.Errors)
	}
	arn, err := s.aws.AddRole("by-terraform", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`, nil)
	kubetest.Must(t, err)
	if result, err = values.Run(t.Context(), s.settings, values.Options{}, s.env()); err != nil || result.RoleARN != arn {
		t.Errorf("got %v, role %s, errors %+v", err, result.RoleARN, result.Errors)
	}
	allow := s.aws.Deny("iam:GetRole")
	defer allow()
	if result, err = values.Run(t.Context(), s.settings, values.Options{}, s.env()); err != nil || result.RoleARN != arn || len(result.Warnings) != 1 {
		t.Errorf("got %v, role %s, warnings %q", err, result.RoleARN, result.Warnings)
	}
}

// testGen3Release compares what an installed gen3 release uses with what the CRDs serve.
func testGen3Release(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t), "commons")
	c.namespace(t, "commons")
	manifest := "---\napiVersion: external-secrets.io/v1beta1\nkind: SecretStore\nmetadata:\n  name: gen3-secret-store\n"
	kubetest.Must(t, driver.NewSecrets(c.kube.CoreV1().Secrets("commons")).Create("sh.helm.release.v1.commons.v1", &release.Release{
		Name: "commons", Version: 1, Namespace: "commons", Manifest: manifest, Info: &release.Info{Status: release.StatusDeployed},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: "0.3.60"}},
	}))
	if warnings := bootstrap.Messages(s.up(t).Warnings); len(warnings) > 0 {
		t.Errorf("both versions are served: %q", warnings)
	}
	if got := s.values(t); got.Gen3Version != "0.3.60" || strings.Contains(got.Text, "apiVersion") {
		t.Errorf("values for %s:\n%s", got.Gen3Version, got.Text)
	}
	c.serveV1Beta1(t, false)
	defer c.serveV1Beta1(t, true)
	has := func(warnings []string, text string) bool {
		return slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, text) })
	}
	if warnings := bootstrap.Messages(s.up(t).Warnings); !has(warnings, "release commons of gen3 chart 0.3.60 uses external-secrets.io/v1beta1, and the CRDs of chart external-secrets 0.16.2 serve external-secrets.io/v1") {
		t.Errorf("warnings %q", warnings)
	}
	s.settings.Gen3Version = gen3.Newest
	if warnings := bootstrap.Messages(s.up(t).Warnings); len(warnings) > 0 {
		t.Errorf("that version uses what is served: %q", warnings)
	}
	s.settings.Gen3Version = ""
	later := &stage{cluster: s.cluster, aws: s.aws, settings: s.settings}
	later.forget()
	got, err := values.Run(t.Context(), later.settings, values.Options{}, s.env())
	if err == nil || got.Values != nil || !strings.Contains(got.Errors[0].Message, "gen3 chart 0.3.60 uses external-secrets.io/v1beta1 only") {
		t.Errorf("values that cannot work: %v %+v", err, got)
	}
}

// testNoVersion has somebody of the namespace store a gen3 release as nobody would: no flag is to blame.
func testNoVersion(t *testing.T, c *cluster) {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t), "bogus")
	c.namespace(t, "bogus")
	kubetest.Must(t, driver.NewSecrets(c.kube.CoreV1().Secrets("bogus")).Create("sh.helm.release.v1.bogus.v1", &release.Release{
		Name: "bogus", Version: 1, Namespace: "bogus", Info: &release.Info{Status: release.StatusDeployed},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: "x\n--gen3-version"}},
	}))
	said := func(warnings []string) bool {
		return slices.ContainsFunc(warnings, func(w string) bool {
			return strings.Contains(w, "release bogus") && strings.Contains(w, "is no version")
		})
	}
	if warnings := bootstrap.Messages(s.up(t).Warnings); !said(warnings) {
		t.Errorf("up warns %q", warnings)
	}
	if got := s.values(t); got.Gen3Version != gen3.Newest || !said(bootstrap.Messages(got.Warnings)) {
		t.Errorf("values for %s warn %q", got.Gen3Version, got.Warnings)
	}
}

// serveV1Beta1 switches that version of the CRDs on or off.
func (c *cluster) serveV1Beta1(t *testing.T, on bool) {
	t.Helper()
	crds := c.dynamic.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, name := range []string{"externalsecrets.external-secrets.io", "secretstores.external-secrets.io"} {
		crd, err := crds.Get(t.Context(), name, metav1.GetOptions{})
		kubetest.Must(t, err)
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		at := slices.IndexFunc(versions, func(v any) bool { return v.(map[string]any)["name"] == "v1beta1" })
		patch := fmt.Sprintf(`[{"op":"replace","path":"/spec/versions/%d/served","value":%v}]`, at, on)
		_, err = crds.Patch(t.Context(), name, types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
}
