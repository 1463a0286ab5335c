package bootstrap_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const cmk = "arn:aws:kms:us-east-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"

// fault is one row of the matrix: what is broken on purpose in a namespace where verify was green, and what verify has to say. No
// other layer may be red.
type fault struct {
	name  string
	do    func(*testing.T, *stage)
	undo  func(*testing.T, *stage) // what stages share
	layer string                   // that is not well
	state verify.State
	words []string // that its reason, objects and hints have
}

// TestVerify makes each fault in a stage of its own, in one sandbox without the real operator: what it would say of an
// ExternalSecret is written in its place.
func TestVerify(t *testing.T) {
	c := startCluster(t)
	t.Run("waits", func(t *testing.T) { testVerifyWaits(t, keyStage(t, c, "verify-waits")) })
	for _, mode := range []struct {
		name   string
		start  func(*testing.T, *cluster, string) *stage
		faults []fault
	}{{"key", keyStage, keyFaults()}, {"role", roleStage, roleFaults()}} {
		for i, f := range append([]fault{{name: "nothing"}}, mode.faults...) {
			t.Run(mode.name+"/"+f.name, func(t *testing.T) {
				s := mode.start(t, c, fmt.Sprintf("verify-%s-%d", mode.name, i))
				if f.do != nil {
					f.do(t, s)
				}
				s.wantFault(t, f)
				if f.undo != nil {
					f.undo(t, s)
				}
			})
		}
	}
}

// wantFault looks once, which writes nothing, and compares every layer.
func (s *stage) wantFault(t *testing.T, f fault) {
	t.Helper()
	s.aws.ResetCalls()
	r, err := verify.Run(t.Context(), s.settings, verify.Options{}, s.env())
	if writes := s.aws.Writes(); len(writes) > 0 {
		t.Errorf("it wrote: %v", writes)
	}
	text, _ := json.MarshalIndent(r, "", "  ")
	if (err == nil) != r.Verified || r.Verified != (f.state != verify.Failed) || len(r.Layers) == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, secret := range append(s.aws.Secrets(), "v-secret") {
		if strings.Contains(string(text), secret) {
			t.Errorf("it holds a secret")
		}
	}
	for _, y := range r.Layers {
		switch {
		case y.Name == f.layer && y.State != f.state:
			t.Errorf("layer %s is %s: %s\n%s", y.Name, y.State, y.Reason, text)
		case y.Name == f.layer:
			whole, _ := json.Marshal(y)
			for _, word := range f.words {
				if !strings.Contains(string(whole), word) {
					t.Errorf("no word of %q in %s", word, whole)
				}
			}
			if y.State == verify.Failed && !strings.Contains(string(whole), `"hints":["`) {
				t.Errorf("no hint in %s", whole)
			}
		case y.State == verify.Failed, y.State == verify.Warning:
			t.Errorf("layer %s is %s as well: %s\n%s", y.Name, y.State, y.Reason, text)
		}
	}
}

// verified is a stage with a release, a store as the gen3 chart makes it, and ExternalSecrets of each kind that the operator has synced.
func (c *cluster) verified(t *testing.T, s *stage, auth string) *stage {
	t.Helper()
	s.forget()
	namespace := s.settings.Namespace
	c.apply(t, namespace, "secretstores", `{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: gen3-secret-store},
		spec: {provider: {aws: {service: SecretsManager, region: us-east-1, auth: `+auth+`}}}}`)
	for name, spec := range map[string]string{
		"by-data":     `data: [{secretKey: fence-config.yaml, remoteRef: {key: fence-config}}]`,
		"by-property": `data: [{secretKey: appcreds.json, remoteRef: {key: wts-g3auto, property: appcreds.json}}]`,
		"by-extract":  `dataFrom: [{extract: {key: indexd-creds}}]`,
	} {
		c.synced(t, namespace, name, spec)
	}
	for name, value := range map[string]string{"fence-config": "v-secret", "wts-g3auto": `{"appcreds.json":"v-secret"}`, "indexd-creds": `{"host":"v-secret"}`} {
		_, err := s.aws.AddSecret(region, name, value, "", nil)
		kubetest.Must(t, err)
	}
	return s
}

func (c *cluster) apply(t *testing.T, namespace, resource, text string) {
	t.Helper()
	object := &unstructured.Unstructured{}
	kubetest.Must(t, yaml.Unmarshal([]byte(text), &object.Object))
	_, err := c.dynamic.Resource(external(resource)).Namespace(namespace).Create(t.Context(), object, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

func (c *cluster) synced(t *testing.T, namespace, name, spec string) {
	t.Helper()
	c.apply(t, namespace, "externalsecrets", `{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: `+name+`},
		spec: {secretStoreRef: {name: gen3-secret-store}, `+spec+`}}`)
	c.condition(t, namespace, "externalsecrets", name, "True", "SecretSynced", "secret synced")
}

func keyStage(t *testing.T, c *cluster, namespace string) *stage {
	t.Helper()
	s := c.newStage(t, awsfake.Start(t), namespace)
	s.settings.Helm.Set = []string{"webhook.create=false"}
	s.up(t)
	c.crdsAre(t, true)
	return c.verified(t, s, `{secretRef: {accessKeyIDSecretRef: {name: gen3-aws-config, key: access-key}, secretAccessKeySecretRef: {name: gen3-aws-config, key: secret-access-key}}}`)
}

func roleStage(t *testing.T, c *cluster, namespace string) *stage {
	t.Helper()
	s := irsaStage(t, c, awsfake.Start(t), namespace)
	s.settings.SkipHelm = false
	s.settings.Helm.Set = []string{"webhook.create=false"}
	role := s.up(t).Outputs.RoleARN
	c.token(t, namespace, chartSA, tokenFor)
	annotate(t, s, role)
	return c.verified(t, s, `{jwt: {serviceAccountRef: {name: secret-store-sa}}}`)
}

func annotate(t *testing.T, s *stage, role string) {
	t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"eks.amazonaws.com/role-arn":%q}}}`, role)
	_, err := s.kube.CoreV1().ServiceAccounts(s.settings.Namespace).Patch(t.Context(), chartSA, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	kubetest.Must(t, err)
}

// patchData edits an entry of both Secrets of the key; nil takes it out.
func patchData(t *testing.T, s *stage, entry string, value []byte) {
	t.Helper()
	text, _ := json.Marshal(map[string]any{"data": map[string]any{entry: value}})
	if value == nil {
		text = fmt.Appendf(nil, `{"data":{%q:null}}`, entry)
	}
	for _, name := range s.settings.Named().KeySecretNames() {
		_, err := s.kube.CoreV1().Secrets(s.settings.Namespace).Patch(t.Context(), name, types.MergePatchType, text, metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
}

func patchStore(t *testing.T, s *stage, aws string) {
	t.Helper()
	_, err := s.dynamic.Resource(external("secretstores")).Namespace(s.settings.Namespace).Patch(t.Context(), "gen3-secret-store", types.MergePatchType,
		[]byte(`{"spec":{"provider":{"aws":`+aws+`}}}`), metav1.PatchOptions{})
	kubetest.Must(t, err)
}

func secretsOf(s *stage) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{BaseEndpoint: aws.String(s.aws.URL()), Region: region, Credentials: s.env().AWSCredentials})
}

func iamOf(s *stage) *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: aws.String(s.aws.URL()), Region: region, Credentials: s.env().AWSCredentials})
}

// testVerifyWaits has a fault end while verify waits for that, and another one outlast its time.
func testVerifyWaits(t *testing.T, s *stage) {
	t.Helper()
	id := s.aws.Keys("external_secrets_user")[0].ID
	s.aws.SetKeyStatus(id, "Inactive")
	env, told := s.env(), ""
	env.Sink = event.SinkFunc(func(e event.Event) {
		told = e.Message
		s.aws.SetKeyStatus(id, "Active")
	})
	r, err := verify.Run(t.Context(), s.settings, verify.Options{Wait: true}, env)
	if err != nil || !r.Verified || !strings.Contains(told, "is inactive") {
		t.Errorf("%v, told %q: %+v", err, told, r.Layers)
	}
	s.aws.SetKeyStatus(id, "Inactive")
	s.settings.Timeout = 2 * time.Second
	r, err = verify.Run(t.Context(), s.settings, verify.Options{Wait: true}, s.env())
	if err == nil || r.Verified || len(r.Layers) == 0 {
		t.Errorf("%v: %+v", err, r)
	}
	s.aws.SetKeyStatus(id, "Active")
	s.settings.Timeout = time.Minute
	s.synced(t, s.settings.Namespace, "absent", `data: [{secretKey: a, remoteRef: {key: nothing-like-it}}]`)
	if r, err = verify.Run(t.Context(), s.settings, verify.Options{Strict: true, Canary: "fence-config"}, s.env()); err == nil || r.Verified {
		t.Errorf("strict, with a secret missing: %+v", r.Layers)
	}
}
