package kube

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// TestHoldersLookIntoHelmReleases stores releases as Helm does: the documentation of Gen3 tells people to paste keys into
// values, and with useLocalSecret no Secret is made of those.
func TestHoldersLookIntoHelmReleases(t *testing.T) {
	t.Parallel()
	secrets, api := keySecrets(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "plain", Namespace: "a"}, Data: map[string][]byte{"credentials": []byte("id=" + exampleID)}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: "a"}, Data: map[string][]byte{"credentials": []byte("id=AKIAOTHER")}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "damaged", Namespace: "b"}, Type: "helm.sh/release.v1",
			Data: map[string][]byte{"release": []byte("H4sIAAAA")},
		},
	)
	var huge bytes.Buffer // of which nobody reads all
	w := gzip.NewWriter(&huge)
	_, err := w.Write(make([]byte, storedrelease.Limit+1<<20))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	bomb := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "huge", Namespace: "b"}, Type: storedrelease.SecretType,
		Data: map[string][]byte{storedrelease.Entry: base64.StdEncoding.AppendEncode(nil, huge.Bytes())},
	}
	if _, err := api.CoreV1().Secrets("b").Create(t.Context(), bomb, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"pasted": exampleID, "without": ""} {
		err := driver.NewSecrets(api.CoreV1().Secrets("commons")).Create(name, &release.Release{
			Name: name, Namespace: "commons", Version: 1, Info: &release.Info{Status: release.StatusDeployed},
			Chart:  &chart.Chart{Metadata: &chart.Metadata{Name: "gen3", Version: "0.1.68"}},
			Config: map[string]any{"secrets": map[string]any{"awsAccessKeyId": key}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := secrets.Holders(t.Context(), []string{exampleID})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a/plain", "b/damaged (which cannot be searched)", "b/huge (which cannot be searched)", "commons/pasted"}
	if slices.Sort(got[exampleID]); !slices.Equal(got[exampleID], want) || len(got) != 1 {
		t.Errorf("holders are %v of keys %v, want %v of one", got[exampleID], slices.Collect(maps.Keys(got)), want)
	}
}
