package kube

import (
	"net/http"
	"slices"
	"testing"
)

func TestServedVersions(t *testing.T) {
	const group = `{"kind":"APIGroup","name":"external-secrets.io","versions":[{"groupVersion":"external-secrets.io/v1","version":"v1"},{"groupVersion":"external-secrets.io/v1beta1","version":"v1beta1"},{"groupVersion":"external-secrets.io/v1alpha1","version":"v1alpha1"}]}`
	const both = `{"kind":"APIResourceList","resources":[{"name":"externalsecrets","kind":"ExternalSecret"},{"name":"secretstores","kind":"SecretStore"}]}`
	const push = `{"kind":"APIResourceList","resources":[{"name":"pushsecrets","kind":"PushSecret"}]}`
	for name, c := range map[string]struct {
		answers map[string]string
		want    []string
	}{
		"both": {map[string]string{"/apis/external-secrets.io": group, "/apis/external-secrets.io/v1": both,
			"/apis/external-secrets.io/v1beta1": both, "/apis/external-secrets.io/v1alpha1": push}, []string{"v1", "v1beta1"}},
		"one": {map[string]string{"/apis/external-secrets.io": group, "/apis/external-secrets.io/v1": push,
			"/apis/external-secrets.io/v1beta1": both, "/apis/external-secrets.io/v1alpha1": push}, []string{"v1beta1"}},
		"none": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := server(t, http.StatusOK, c.answers).ExternalSecrets()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.ServedVersions(t.Context()); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}
