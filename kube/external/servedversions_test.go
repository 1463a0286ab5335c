package external

import (
	"slices"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"

func servedVersions(t *testing.T, answers map[string]string) []string {
	t.Helper()
	config := kubetest.Server(t, answers)
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	e, err := In(&kube.Client{Interface: clients, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.ServedVersions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestServedVersions(t *testing.T) {
	const both = `{"spec":{"versions":[{"name":"v1beta1","served":true},{"name":"v1","served":true},{"name":"v1alpha1","served":false}]}}`
	const young = `{"spec":{"versions":[{"name":"v1","served":true},{"name":"v1beta1","served":false}]}}`
	for name, c := range map[string]struct {
		answers map[string]string
		want    []string
	}{
		"both":         {map[string]string{crds + "externalsecrets.external-secrets.io": both, crds + "secretstores.external-secrets.io": both}, []string{"v1", "v1beta1"}},
		"one in two":   {map[string]string{crds + "externalsecrets.external-secrets.io": both, crds + "secretstores.external-secrets.io": young}, []string{"v1"}},
		"half of them": {map[string]string{crds + "externalsecrets.external-secrets.io": both}, nil},
		"none":         {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := servedVersions(t, c.answers); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestServedVersionsByDiscovery is for whoever may not read CRDs.
func TestServedVersionsByDiscovery(t *testing.T) {
	const group = `{"kind":"APIGroup","name":"external-secrets.io","versions":[{"groupVersion":"external-secrets.io/v1","version":"v1"},{"groupVersion":"external-secrets.io/v1beta1","version":"v1beta1"},{"groupVersion":"external-secrets.io/v1alpha1","version":"v1alpha1"}]}`
	const both = `{"kind":"APIResourceList","resources":[{"name":"externalsecrets","kind":"ExternalSecret"},{"name":"secretstores","kind":"SecretStore"}]}`
	const push = `{"kind":"APIResourceList","resources":[{"name":"pushsecrets","kind":"PushSecret"}]}`
	got := servedVersions(t, map[string]string{
		crds + "externalsecrets.external-secrets.io": kubetest.Forbidden, crds + "secretstores.external-secrets.io": kubetest.Forbidden,
		"/apis/external-secrets.io": group, "/apis/external-secrets.io/v1": both, "/apis/external-secrets.io/v1beta1": both, "/apis/external-secrets.io/v1alpha1": push,
	})
	if !slices.Equal(got, []string{"v1", "v1beta1"}) {
		t.Errorf("got %v", got)
	}
}
