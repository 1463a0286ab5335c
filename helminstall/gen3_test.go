package helminstall

import (
	"slices"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

const gen3Manifest = `---
# Source: gen3/templates/secret-store.yaml
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: gen3-secret-store
---
apiVersion: "external-secrets.io/v1beta1"
kind: ExternalSecret
metadata:
  name: ohdsi
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata:
  name: fence
`

// releaseSecret is a release as Helm stores it.
func releaseSecret(t *testing.T, name, chartName string, status release.Status) *corev1.Secret {
	t.Helper()
	s, err := storedRelease("sh.helm.release.v1."+name+".v1", &release.Release{
		Name: name, Version: 1, Namespace: "prod", Manifest: gen3Manifest, Info: &release.Info{Status: status},
		Config: map[string]any{"global": map[string]any{"crossplane": map[string]any{"enabled": true}, "aws": map[string]any{"useLocalSecret": map[string]any{"enabled": true}}}},
		Chart:  &chart.Chart{Metadata: &chart.Metadata{Name: chartName, Version: "0.3.90"}},
	}, "createdAt", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	s.Namespace = "prod"
	return s
}

func TestFindGen3(t *testing.T) {
	broken := releaseSecret(t, "broken", "gen3", release.StatusDeployed)
	broken.Data["release"] = []byte("?")
	for name, c := range map[string]struct {
		objects []runtime.Object
		found   bool
	}{
		"among others":      {[]runtime.Object{broken, releaseSecret(t, "redis", "redis", release.StatusDeployed), releaseSecret(t, "commons", "gen3", release.StatusDeployed)}, true},
		"failed at first":   {[]runtime.Object{releaseSecret(t, "commons", "gen3", release.StatusFailed)}, true},
		"deployed, failed":  {[]runtime.Object{releaseSecret(t, "another", "gen3", release.StatusFailed), releaseSecret(t, "commons", "gen3", release.StatusDeployed)}, true},
		"only superseded":   {[]runtime.Object{releaseSecret(t, "commons", "gen3", release.StatusSuperseded)}, false},
		"of another name":   {[]runtime.Object{releaseSecret(t, "gen3", "gen3-lookalike", release.StatusDeployed)}, false},
		"nothing installed": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindGen3(t.Context(), fake.NewClientset(c.objects...), "prod")
			if err != nil || (got != nil) != c.found {
				t.Fatalf("got %+v, %v", got, err)
			}
			if got != nil && (got.Name != "commons" || got.Version != "0.3.90" || !got.LocalSecret || !got.Crossplane || !slices.Equal(got.APIs, []string{"v1", "v1beta1"})) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFindGen3WithoutPermission(t *testing.T) {
	client := fake.NewClientset(releaseSecret(t, "gen3", "gen3", release.StatusDeployed))
	client.PrependReactor("list", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)
	})
	if got, err := FindGen3(t.Context(), client, "prod"); got != nil || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestServedBy(t *testing.T) {
	again := map[string]any{"crds": map[string]any{"unsafeServeV1Beta1": true}}
	for version, want := range map[string][]string{
		"0.9.13": {"v1beta1"}, "0.15.1": {"v1beta1"}, "0.16.0": {"v1", "v1beta1"}, "v0.16.2": {"v1", "v1beta1"}, "0.17.0": {"v1"}, "2.9.0": {"v1"}, "newest": nil,
	} {
		if got := servedBy(version, nil); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", version, got, want)
		}
	}
	if got := servedBy("2.9.0", again); !slices.Equal(got, []string{"v1", "v1beta1"}) {
		t.Errorf("with the value: got %v", got)
	}
	if got := servedBy("1.3.0", again); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("before the value: got %v", got)
	}
}

func TestServedByAll(t *testing.T) {
	both := []CRD{{Served: []string{"v1", "v1beta1"}}, {Served: []string{"v1beta1"}}}
	if got := servedByAll(both); !slices.Equal(got, []string{"v1beta1"}) {
		t.Errorf("got %v", got)
	}
	if got := servedByAll(both[:1]); got != nil {
		t.Errorf("with one of two CRDs: got %v", got)
	}
	if len(both[0].Served) != 2 {
		t.Error("it changed what was observed")
	}
}
