package secrets

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const generatedValues = `global: {dev: false, hostname: commons.example.org, postgres: {master: {host: db.example.org}}, externalSecrets: {deploy: true}}
fence: {enabled: false}
wts: {enabled: false}
metadata: {enabled: true}
ssjdispatcher: {enabled: true}
`

// made runs generate, and returns what it says: a line each for changes, what is not made, errors and warnings.
func (c *commons) made(t *testing.T, o WriteOptions) (r GenerateResult, said string, err error) {
	t.Helper()
	r, err = Generate(t.Context(), c.settings, c.ref, o, c.env)
	document, _ := json.Marshal(r)
	fmt.Fprintf(&c.said, "%s %+v %#v %v\n", document, r, r, err)
	var out []string
	for _, n := range r.NotMade {
		out = append(out, string(n.State)+" "+n.Name+": "+n.Why+" ("+n.Hint+")")
	}
	for _, f := range r.Fill {
		out = append(out, "fill "+f.Name+": "+strings.Join(f.Paths, " "))
	}
	return r, lines(PushResult{Result: r.Result}) + "\n" + strings.Join(out, "\n"), err
}

// TestGenerate goes through the life of a commons: what the cluster has already is not made, what is asked for has to be makeable, what
// exists is left alone, and what was deleted is taken back only when that is said.
func TestGenerate(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "generate", generatedValues)
	must := func(what, said string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q is not said in:\n%s", what, part, said)
			}
		}
	}
	silent := func(what string) {
		t.Helper()
		if writes := c.srv.Writes(); len(writes) > 0 {
			t.Errorf("%s: wrote %v", what, writes)
		}
	}
	r, said, err := c.made(t, WriteOptions{DryRun: true})
	must("a dry run", said, "create audit-g3auto: it does not exist; from what the chart makes as Secret audit-g3auto", "create ssjdispatcher-creds",
		"in-use default-audit-creds: Secret audit-dbcreds is in the cluster", "secrets push --source release --only default-audit-creds",
		"operator stata-workspace-gen3-license", "fill ssjdispatcher-creds: SQS.url")
	if err != nil || !r.Changed || len(r.Changes) != 4 {
		t.Errorf("a dry run: %v\n%s", err, said)
	}
	for what, o := range map[string]writing.Options{
		"it takes a password from indexd-service-creds": {Only: []string{"ssjdispatcher-creds", "metadata-g3auto"}},
		"it is not made: Secret audit-dbcreds is":       {Only: []string{"default-audit-creds"}},
		"check --only nonsense":                         {Only: []string{"nonsense"}},
	} {
		_, said, err := c.made(t, WriteOptions{Options: o})
		if must(what, said, "error: ", what); err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	c.settings.Yes = false
	if _, said, err = c.made(t, WriteOptions{}); err == nil {
		t.Error("written without an answer")
	}
	must("without an answer", said, "there is no terminal to ask at")
	c.settings.Yes = true
	silent("before it was asked to")

	if r, said, err = c.made(t, WriteOptions{}); err != nil || len(r.Changes) != 4 {
		t.Fatalf("%v\n%s", err, said)
	}
	before := c.value(t, "metadata-g3auto")
	c.srv.ResetCalls()
	if r, said, err = c.made(t, WriteOptions{}); err != nil || r.Changed {
		t.Errorf("again: %v\n%s", err, said)
	}
	silent("again")

	_, err = c.aws.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("metadata-g3auto")})
	kubetest.Must(t, err)
	if _, said, err = c.made(t, WriteOptions{}); err == nil {
		t.Error("a name that is taken is no error")
	}
	must("a deleted one", said, "scheduled for deletion", "--restore takes it back, with what it holds")
	_, said, err = c.made(t, WriteOptions{Options: writing.Options{Restore: true}})
	must("restored", said, "update metadata-g3auto: is taken back from deletion")
	if err != nil || c.value(t, "metadata-g3auto") != before {
		t.Errorf("restored: %v", err)
	}

	kubetest.Must(t, c.kube.CoreV1().Secrets("generate").Delete(t.Context(), "audit-dbcreds", metav1.DeleteOptions{}))
	_, said, err = c.made(t, WriteOptions{})
	must("a database", said, "create default-audit-creds", "new passwords are made for roles of databases (default-audit-creds)")
	if err != nil {
		t.Error(err)
	}
	_, err = c.aws.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("indexd-service-creds"), ForceDeleteWithoutRecovery: aws.Bool(true)})
	kubetest.Must(t, err)
	c.operatorMade(t, "indexd-service-creds")
	_, said, err = c.made(t, WriteOptions{})
	must("what the operator made", said, "in-use indexd-service-creds", "--from-file indexd-service-creds=/dev/stdin")
	if err != nil {
		t.Error(err)
	}
	allow := c.srv.Deny("secretsmanager:GetSecretValue")
	if _, said, err = c.made(t, WriteOptions{}); err == nil {
		t.Errorf("without the right to read:\n%s", said)
	}
	must("without the right to read", said, "may not be read")
	allow()

	// What the operator made, and is gone from Secrets Manager, goes back there.
	_, err = c.aws.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("audit-g3auto"), ForceDeleteWithoutRecovery: aws.Bool(true)})
	kubetest.Must(t, err)
	yes := true
	_, err = c.kube.CoreV1().Secrets("generate").Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "audit-g3auto", OwnerReferences: []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "audit-g3auto", UID: "1", Controller: &yes}},
	}, StringData: map[string]string{"audit-service-config.yaml": "A: " + mark}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	_, said, err = c.made(t, WriteOptions{})
	must("gone from Secrets Manager", said, `kubectl -n generate get secret audit-g3auto -o 'jsonpath={.data.audit-service-config\.yaml}' | base64 -d | gen3-bootstrap secrets push -f `, "--from-file audit-g3auto=/dev/stdin --yes")
	if err != nil {
		t.Error(err)
	}
	kubetest.Must(t, c.kube.CoreV1().Secrets("generate").Delete(t.Context(), "audit-g3auto", metav1.DeleteOptions{}))
	_, _, err = c.made(t, WriteOptions{})
	kubetest.Must(t, err)

	c.ref.Files = []string{gen3test.Values(t, "off.yaml", "global: {externalSecrets: {deploy: false}}")}
	_, said, err = c.made(t, WriteOptions{})
	if must("switched off", said, "global.externalSecrets.deploy switches it on"); err != nil {
		t.Error(err)
	}
	c.mustBeSilent(t)
}

// operatorMade is a Secret as External Secrets Operator leaves it.
func (c *commons) operatorMade(t *testing.T, name string) {
	t.Helper()
	yes := true
	_, err := c.kube.CoreV1().Secrets(c.settings.Namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: name, UID: "x", Controller: &yes}}},
		StringData: map[string]string{"sheepdog": mark},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// mustBeSilent: no value of Secrets Manager was said, nor of the Secrets that were read.
func (c *commons) mustBeSilent(t *testing.T) {
	t.Helper()
	said := c.said.String()
	if strings.Contains(said, mark) {
		t.Error("a value of a Secret is said")
	}
	for _, name := range []string{"audit-g3auto", "default-audit-creds", "indexd-service-creds", "metadata-g3auto", "ssjdispatcher-creds"} {
		for _, part := range regexp.MustCompile(`[A-Za-z0-9+=]{20,}`).FindAllString(c.value(t, name), -1) {
			if strings.Contains(said, part) {
				t.Errorf("a value of %s is said", name)
			}
		}
	}
}
