package gen3

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
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

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
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
	s, err := stored.NewSecret("sh.helm.release.v1."+name+".v1", &release.Release{
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
			got, warnings, err := Find(t.Context(), fake.NewClientset(c.objects...), "prod")
			if err != nil || len(warnings) > 0 || (got != nil) != c.found {
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
	if got, warnings, err := Find(t.Context(), client, "prod"); got != nil || err != nil || len(warnings) > 0 {
		t.Errorf("got %+v, %q, %v", got, warnings, err)
	}
}

// bomb is a stored release that unfolds to 40 MiB.
func bomb(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(make([]byte, 40<<20))
	kubetest.Must(t, errors.Join(err, w.Close()))
	return base64.StdEncoding.AppendEncode(nil, packed.Bytes())
}

func bombSecret(t *testing.T, name string, bomb []byte) *corev1.Secret {
	t.Helper()
	s := releaseSecret(t, name, "gen3", release.StatusDeployed)
	s.Data[storedrelease.Entry] = bomb
	return s
}

// TestFindGen3AmongForgeries: what others put into the namespace is passed over, and said, and costs little.
func TestFindGen3AmongForgeries(t *testing.T) {
	bombs := []runtime.Object{releaseSecret(t, "commons", "gen3", release.StatusFailed)}
	bomb := bomb(t)
	for i := range 20 {
		bombs = append(bombs, bombSecret(t, fmt.Sprintf("bomb%d", i), bomb))
	}
	noVersion := releaseSecret(t, "commons", "gen3", release.StatusDeployed)
	rel := &release.Release{
		Name: "commons", Version: 1, Namespace: "prod", Info: &release.Info{Status: release.StatusDeployed},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: "no\x1b[31mversion"}},
	}
	data, err := stored.EncodeRelease(rel)
	kubetest.Must(t, err)
	noVersion.Data[storedrelease.Entry] = data
	badName := releaseSecret(t, "bad", "gen3", release.StatusDeployed)
	rel.Name, rel.Chart.Metadata.Version = "x`touch y`", "0.3.90"
	badName.Data[storedrelease.Entry], err = stored.EncodeRelease(rel)
	kubetest.Must(t, err)
	for name, c := range map[string]struct {
		objects []runtime.Object
		found   *Release
		warns   string
	}{
		"a bomb beside it":     {[]runtime.Object{bombSecret(t, "bomb", bomb), releaseSecret(t, "commons", "gen3", release.StatusDeployed)}, &Release{Name: "commons", Version: "0.3.90"}, "Secret prod/sh.helm.release.v1.bomb.v1 was not searched"},
		"too many bombs":       {bombs, nil, "unpack to more than 256 MiB together"},
		"a version that is no": {[]runtime.Object{noVersion}, &Release{Name: "commons"}, `says that its version is "no\x1b[31mversion"`},
		"a name that is none":  {[]runtime.Object{badName}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, warnings, err := Find(t.Context(), fake.NewClientset(c.objects...), "prod")
			kubetest.Must(t, err)
			if (got == nil) != (c.found == nil) || got != nil && (got.Name != c.found.Name || got.Version != c.found.Version) {
				t.Errorf("got %+v", got)
			}
			if text := strings.Join(warnings, "\n"); !strings.Contains(text, c.warns) || (text == "") != (c.warns == "") {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}

// TestFindGen3InPages: a namespace may have more releases than are read at once.
func TestFindGen3InPages(t *testing.T) {
	client := fake.NewClientset()
	pages := 0
	client.PrependReactor("list", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		pages++
		list := &corev1.SecretList{Items: []corev1.Secret{*releaseSecret(t, "redis", "redis", release.StatusDeployed)}}
		if a.(clienttesting.ListActionImpl).ListOptions.Limit == 0 {
			t.Error("all at once")
		}
		if list.Continue = "more"; pages == 3 {
			list.Items = append(list.Items, *releaseSecret(t, "commons", "gen3", release.StatusDeployed))
		}
		return true, list, nil
	})
	got, warnings, err := Find(t.Context(), client, "prod")
	kubetest.Must(t, err)
	if got == nil || pages != 3 || len(warnings) > 0 {
		t.Errorf("got %+v after %d pages, %q", got, pages, warnings)
	}
	pages = 3
	if got, warnings, err = Find(t.Context(), client, "prod"); got != nil || err != nil || pages != 3+gen3Pages || len(warnings) != 1 {
		t.Errorf("got %+v after %d pages, %q, %v", got, pages, warnings, err)
	}
}
