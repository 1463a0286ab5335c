package external

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parseObject(t *testing.T, text string) Object {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return objectOf(kind{name: u.GetKind()}, u)
}

func TestCustomObjects(t *testing.T) {
	t.Parallel()
	keyStore := parseObject(t, `{kind: SecretStore, metadata: {name: s, namespace: a}, spec: {provider: {aws: {auth: {secretRef: {
		accessKeyIDSecretRef: {name: gen3-aws-config, key: access-key}, secretAccessKeySecretRef: {name: gen3-aws-config, key: secret-access-key}}}}}},
		status: {conditions: [{type: Other, status: "False"}, {type: Ready, status: "True", reason: Valid, message: ok}]}}`)
	if !slices.Equal(keyStore.Secrets, []string{"a/gen3-aws-config"}) || keyStore.Ready != "True" || keyStore.Reason != "Valid" || keyStore.Ref() != "SecretStore a/s" {
		t.Errorf("%+v", keyStore)
	}
	wide := parseObject(t, `{kind: ClusterSecretStore, metadata: {name: w}, spec: {provider: {aws: {auth: {jwt: {serviceAccountRef: {name: sa, namespace: a}}}}}}}`)
	if !slices.Equal(wide.Accounts, []string{"a/sa"}) || wide.Ref() != "ClusterSecretStore w" {
		t.Errorf("%+v", wide)
	}
	for name, test := range map[string]struct {
		text      string
		own, wide bool // whether it uses the stores above
	}{
		"for all":         {`{kind: ExternalSecret, metadata: {name: e, namespace: a}, spec: {secretStoreRef: {name: s}}}`, true, false},
		"other namespace": {`{kind: ExternalSecret, metadata: {name: e, namespace: b}, spec: {secretStoreRef: {name: s}}}`, false, false},
		"cluster-wide":    {`{kind: ExternalSecret, metadata: {name: e, namespace: b}, spec: {secretStoreRef: {name: w, kind: ClusterSecretStore}}}`, false, true},
		"of one entry":    {`{kind: ExternalSecret, metadata: {name: e, namespace: a}, spec: {secretStoreRef: {name: x}, data: [{sourceRef: {storeRef: {name: s}}}]}}`, true, false},
		"push":            {`{kind: PushSecret, metadata: {name: p, namespace: a}, spec: {secretStoreRefs: [{name: x}, {name: s, kind: SecretStore}]}}`, true, false},
		"push by labels":  {`{kind: PushSecret, metadata: {name: p, namespace: a}, spec: {secretStoreRefs: [{labelSelector: {matchLabels: {a: b}}}]}}`, true, false},
		"template":        {`{kind: ClusterExternalSecret, metadata: {name: c}, spec: {externalSecretSpec: {secretStoreRef: {name: s}}}}`, true, false},
		"nothing":         {`{kind: ExternalSecret, metadata: {name: e, namespace: a}, spec: {}}`, false, false},
	} {
		o := parseObject(t, test.text)
		if o.Uses(keyStore) != test.own || o.Uses(wide) != test.wide {
			t.Errorf("%s: uses %v and %v: %+v", name, o.Uses(keyStore), o.Uses(wide), o.Stores)
		}
	}
}

func TestOperatorsFinalizers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"pushsecret.externalsecrets.io/finalizer":                    true,
		"externalsecrets.external-secrets.io/externalsecret-cleanup": true,
		"external-secrets.io/x":                                      true,
		"foregroundDeletion":                                         false,
		"argocd.argoproj.io/finalizer":                               false,
		"not-external-secrets.io/x":                                  false,
	} {
		if got := isOperatorsFinalizer(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestNewestKinds(t *testing.T) {
	t.Parallel()
	served := metav1.APIGroup{Name: externalGroup, Versions: []metav1.GroupVersionForDiscovery{{Version: "v1"}, {Version: "v1beta1"}}}
	resource := func(name, kind string) metav1.APIResource {
		return metav1.APIResource{Name: name, Kind: kind, Verbs: metav1.Verbs{"list"}, Namespaced: true}
	}
	got := newestKinds(served, []metav1.APIResourceList{
		{APIResources: []metav1.APIResource{resource("externalsecrets", "ExternalSecret"), resource("externalsecrets/status", "ExternalSecret")}},
		{APIResources: []metav1.APIResource{resource("externalsecrets", "ExternalSecret"), resource("old", "Old")}},
	})
	if len(got) != 2 || got[0].Version != "v1" || got[1].Version != "v1beta1" || got[1].name != "Old" {
		t.Errorf("%+v", got)
	}
}
