package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
)

// keyStore and roleStore are the SecretStore of the gen3 chart in its two modes.
const (
	keyStore = `{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: gen3-secret-store}, spec: {provider: {aws: {
  service: SecretsManager, region: us-east-1, auth: {secretRef: {
    accessKeyIDSecretRef: {name: gen3-aws-config, key: access-key},
    secretAccessKeySecretRef: {name: gen3-aws-config, key: secret-access-key}}}}}}}`
	roleStore = `{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: gen3-secret-store}, spec: {provider: {aws: {
  service: SecretsManager, region: us-east-1, auth: {jwt: {serviceAccountRef: {name: secret-store-sa}}}}}}}`
)

// externalSecret is one that reads what "from" says, once a second.
func externalSecret(version, name, from string) string {
	return fmt.Sprintf(`{apiVersion: external-secrets.io/%s, kind: ExternalSecret, metadata: {name: %s}, spec: {
  refreshInterval: 1s, secretStoreRef: {name: gen3-secret-store, kind: SecretStore}, target: {name: %s}, %s}}`, version, name, name, from)
}

// TestOperatorReads installs with the program, and has the real operator read what the gen3 chart has it read.
func TestOperatorReads(t *testing.T) {
	t.Parallel()
	o := anyOperated(t)
	o.put(t, "audit-g3auto", "server: true\n")
	o.put(t, "dev-fence-creds", `{"username":"fence","password":"first"}`)
	t.Run("with a key", func(t *testing.T) {
		w := o.world(t)
		w.mustRun(t, "up", "--user-name", "reads-by-key", "--policy-name", "reads-by-key", "--allow-push")
		w.mustCreate(t, keyStore)
		w.mustRead(t)
		w.mustVerify(t, seen{layer: "external-secrets", state: verify.Warning, words: "has no secret fence-confg"})
		w.mustPush(t, o)
	})
	t.Run("with a role", func(t *testing.T) {
		w := o.world(t)
		w.settings.IRSA, w.settings.RoleName = true, "reads-by-role"
		w.mustRun(t, "up", "--policy-name", "reads-by-role")
		w.mustCreate(t, `{apiVersion: v1, kind: ServiceAccount, metadata: {name: secret-store-sa, annotations: {
  eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/reads-by-role"}}}`)
		w.mustCreate(t, roleStore)
		w.mustRead(t)
		w.mustVerify(t, seen{layer: "external-secrets", state: verify.Warning, words: "has no secret fence-confg"})
	})
	t.Run("what the webhook refuses", func(t *testing.T) {
		w := o.world(t)
		err := w.create(t, `{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: nowhere}, spec: {provider: {aws: {
  service: SecretsManager, region: nowhere-1}}}}`)
		if err == nil || !strings.Contains(err.Error(), `admission webhook "validate.secretstore.external-secrets.io" denied the request`) {
			t.Errorf("create a SecretStore of no region: %v", err)
		}
	})
}

// mustRead has an ExternalSecret synced in each way that the gen3 chart knows, in both API versions, and one that fails.
func (w *world) mustRead(t *testing.T) {
	t.Helper()
	for _, version := range []string{"v1beta1", "v1"} {
		w.mustCreate(t, externalSecret(version, "whole-"+version, `data: [{secretKey: audit.yaml, remoteRef: {key: audit-g3auto}}]`))
		w.mustCreate(t, externalSecret(version, "property-"+version, `data: [{secretKey: pw, remoteRef: {key: dev-fence-creds, property: password}}]`))
		w.mustCreate(t, externalSecret(version, "extract-"+version, `dataFrom: [{extract: {key: dev-fence-creds}}]`))
		w.mustCreate(t, externalSecret(version, "missing-"+version, `data: [{secretKey: x, remoteRef: {key: fence-confg}}]`))
	}
	for _, version := range []string{"v1beta1", "v1"} {
		for name, want := range map[string]map[string]string{
			"whole": {"audit.yaml": "server: true\n"}, "property": {"pw": "first"}, "extract": {"username": "fence", "password": "first"},
		} {
			name += "-" + version
			w.mustBecome(t, "external-secrets.io/"+version, "ExternalSecret", name, "SecretSynced")
			got := w.secret(t, name).Data
			for key, value := range want {
				if string(got[key]) != value || len(got) != len(want) {
					t.Errorf("Secret %s has %d keys, and %s is not what Secrets Manager has", name, len(got), key)
				}
			}
		}
		missing := "missing-" + version
		w.mustBecome(t, "external-secrets.io/"+version, "ExternalSecret", missing, "SecretSyncedError")
		poll(t, "the event of "+missing, func() bool {
			return slices.ContainsFunc(w.warnings(t, missing), func(e string) bool {
				return strings.HasPrefix(e, "UpdateFailed: ") && strings.Contains(e, "fence-confg") && strings.Contains(e, "Secret does not exist")
			})
		})
	}
}

// mustPush has a PushSecret written as the gen3 chart makes one, finds it in Secrets Manager, and has it deleted with its object: else
// the object's finalizer would hold it, and its namespace, for ever.
func (w *world) mustPush(t *testing.T, o operated) {
	t.Helper()
	name := "pushed-from-" + w.namespace
	w.mustCreate(t, fmt.Sprintf(`{apiVersion: external-secrets.io/v1alpha1, kind: PushSecret, metadata: {name: push}, spec: {
  refreshInterval: 1s, deletionPolicy: Delete, secretStoreRefs: [{name: gen3-secret-store, kind: SecretStore}], selector: {secret: {name: property-v1}},
  data: [{match: {secretKey: pw, remoteRef: {remoteKey: %s}}}]}}`, name))
	w.mustBecome(t, "external-secrets.io/v1alpha1", "PushSecret", "push", "Synced")
	got, err := o.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	check(t, "read what was pushed", err)
	if value := got.SecretBinary; string(value) != "first" && (got.SecretString == nil || *got.SecretString != "first") {
		t.Error("what was pushed is not what the Secret has")
	}
	pushes := w.objects(t, "external-secrets.io/v1alpha1", "PushSecret")
	check(t, "delete PushSecret", pushes.Delete(t.Context(), "push", metav1.DeleteOptions{}))
	poll(t, "the PushSecret to go", func() bool {
		_, err := pushes.Get(t.Context(), "push", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	left, err := o.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err == nil && left.DeletedDate == nil {
		t.Errorf("secret %s outlives its PushSecret", name)
	}
}

// TestOperatorBreaks breaks the release in each way that the sandbox knows, and mends it again.
func TestOperatorBreaks(t *testing.T) {
	t.Parallel()
	const controllers, webhook = "external-secrets", "external-secrets-webhook"
	o := ownOperated(t)
	w := o.world(t)
	w.mustRun(t, "up")
	w.mustCreate(t, keyStore)
	attempts := 0
	write := func() error { // one that the webhook has to admit
		attempts++
		return w.create(t, externalSecret("v1", fmt.Sprintf("probe-%d", attempts), `data: [{secretKey: x, remoteRef: {key: audit-g3auto}}]`))
	}
	mustWrite := func(t *testing.T) { // a connection to the pod before may break first
		t.Helper()
		var last error
		poll(t, "a write", func() bool {
			last = write()
			return last == nil || !strings.Contains(last.Error(), "failed calling webhook")
		})
		check(t, "write", last)
	}
	fails := func(name, annotation, want string) {
		t.Run(name, func(t *testing.T) {
			o.annotatePods(t, webhook, annotation)
			var last error
			poll(t, "the way in which a write fails", func() bool {
				last = write()
				return last == nil || !strings.Contains(last.Error(), "EOF") // of a connection to the pod before
			})
			if last == nil || !strings.Contains(last.Error(), want) {
				t.Errorf("a write got %v, want %q", last, want)
			}
			o.annotatePods(t, webhook)
			mustWrite(t)
		})
	}
	fails("the webhook cannot be reached", unreachable, "context deadline exceeded")
	fails("its certificate is wrong", wrongCertificate, "certificate signed by unknown authority")
	fails("it does not run", stopped, "connection refused")
	t.Run("host network is the cure", func(t *testing.T) {
		o.patchRelease(t, webhook, `{"spec":{"template":{"metadata":{"annotations":{"`+unreachable+`":"true"}},"spec":{"hostNetwork":true}}}}`)
		if err := write(); err == nil {
			t.Error("host network alone, with the kubelet's port, was enough")
		}
		w.mustRun(t, "up", "--set", "webhook.hostNetwork=true", "--set", "webhook.port=10252")
		o.patchRelease(t, webhook, `{"spec":{"template":{"metadata":{"annotations":{"`+unreachable+`":"true"}}}}}`)
		mustWrite(t)
	})
	t.Run("the controllers do not run", func(t *testing.T) {
		o.put(t, "audit-g3auto", "server: true\n")
		for _, way := range []struct{ stop, start string }{
			{`{"spec":{"template":{"metadata":{"annotations":{"` + stopped + `":"true"}}}}}`, `{"spec":{"template":{"metadata":{"annotations":null}}}}`},
			{`{"spec":{"replicas":0}}`, `{"spec":{"replicas":1}}`},
		} {
			o.patchRelease(t, controllers, way.stop)
			mustWrite(t)
			name := fmt.Sprintf("probe-%d", attempts)
			o.annotatePods(t, webhook, "example.org/unrelated") // takes longer than a sync would
			if reason, _ := w.ready(t, "external-secrets.io/v1", "ExternalSecret", name); reason != "" {
				t.Errorf("somebody set %q although %s", reason, way.stop)
			}
			o.patchRelease(t, controllers, way.start)
			w.mustBecome(t, "external-secrets.io/v1", "ExternalSecret", name, "SecretSynced")
		}
	})
}
