package acceptance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	secret "github.com/uc-cdis/gen3-bootstrap/gen3/check"
)

// held is a secret in one state, as secrets check and the operator meet it.
type held struct {
	name     string // of the secret; "state-" stands in front of it, but for one that is out of the policy's reach
	from     string // what an ExternalSecret of that name takes
	key      string // that a Deployment reads of its Secret
	make     func(t *testing.T, o operated, name string)
	state    secret.State // "": it is well
	operator string       // what the operator says; "": it syncs
}

const (
	theWhole = `data: [{secretKey: %[2]s, remoteRef: {key: %[1]s}}]`
	aPart    = `data: [{secretKey: %[2]s, remoteRef: {key: %[1]s, property: %[2]s}}]`
	allKeys  = `dataFrom: [{extract: {key: %[1]s}}]`
	aKey     = "-----BEGIN PRIVATE KEY-----\ndi1zZWNyZXQ=\n-----END PRIVATE KEY-----\n"
)

// TestSecretsCheckBesideTheOperator makes each state of a secret. What secrets check calls well syncs; what it says that the operator
// cannot read does not, in the operator's own words; and what it finds beyond that syncs, and is not what pods need.
func TestSecretsCheckBesideTheOperator(t *testing.T) {
	t.Parallel()
	o := anyOperated(t)
	w := o.world(t)
	w.mustRun(t, "up", "--user-name", "checked", "--policy-name", "checked", "--secret-prefix", "state-")
	w.mustCreate(t, keyStore)
	w.mustBecome(t, esV1, "SecretStore", "gen3-secret-store", "Valid")
	all := heldStates()
	for _, h := range all {
		if h.make != nil {
			h.make(t, o, h.name)
		}
		w.mustCreate(t, externalSecret("v1", h.name, fmt.Sprintf(h.from, h.name, h.key)))
		w.mustHaveReader(t, h.name, h.key)
	}
	for _, h := range all {
		if h.operator == "" {
			w.mustBecome(t, esV1, "ExternalSecret", h.name, "SecretSynced")
			continue
		}
		w.mustBecome(t, esV1, "ExternalSecret", h.name, "SecretSyncedError")
		poll(t, "the operator to say "+h.operator, func() bool { return strings.Contains(strings.Join(w.warnings(t, h.name), "\n"), h.operator) })
	}
	const stale = "state-stale" // the operator reads it once an hour
	o.put(t, stale, "v-secret-1")
	w.mustCreate(t, strings.Replace(externalSecret("v1", stale, fmt.Sprintf(theWhole, stale, "x")), "refreshInterval: 1s", "refreshInterval: 1h", 1))
	w.mustHaveReader(t, stale, "x")
	w.mustBecome(t, esV1, "ExternalSecret", stale, "SecretSynced")
	_, err := o.secrets().PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(stale), SecretString: aws.String("v-secret-2")})
	check(t, "put value", err)
	r := w.mustCheckSecrets(t, 2, "--source", "live", "--as-operator", "--detailed-exitcode")
	if got := r[stale].states(); len(got) != 1 || got[0] != string(secret.Unsynced) {
		t.Errorf("%s: %v", stale, got)
	}
	for _, h := range all {
		c, found := r[h.name]
		states := c.states()
		if !found || (h.state == "") != (len(states) == 0) || h.state != "" && states[0] != string(h.state) {
			t.Errorf("%s: found %v, want %q", h.name, states, h.state)
		}
		if h.state != "" && (c.Findings[0].Message == "" || c.Findings[0].Hint == "" || !strings.Contains(fmt.Sprint(c.Findings[0].Readers), "Deployment reads-"+h.name)) {
			t.Errorf("%s: %+v", h.name, c.Findings[0])
		}
	}
	if c := r["elsewhere"]; c.State != "denied" || c.AsCaller != "readable" || !strings.Contains(c.Findings[0].Hint, "--secret-prefix state- --secret-prefix elsewhere") {
		t.Errorf("a policy that is too narrow: %+v", c)
	}
	if c := w.mustCheckSecrets(t, 2, "--source", "live", "--detailed-exitcode")["elsewhere"]; len(c.Findings) > 0 {
		t.Errorf("the caller may read it: %+v", c)
	}
	if c := w.mustCheckSecrets(t, 0, "--source", "live", "--names-only")["state-not-json"]; c.State != "readable" || len(c.Findings) > 0 {
		t.Errorf("names only: %+v", c)
	}
	text := w.command(t, "secrets", "check", "--source", "live", "--as-operator", "--all")
	w.run(t, text)
	if !strings.Contains(text.stdout.String(), "pods do not start") || !strings.Contains(text.stdout.String(), "the operator and you see different things") {
		t.Errorf("%s\n%s", text.stdout.String(), text.stderr.String())
	}
	if strings.Contains(w.output.String(), "v-secret") {
		t.Error("the value of a secret is printed")
	}
}

// mustHaveReader makes a Deployment that reads a key of a Secret, and has no pods.
func (w *world) mustHaveReader(t *testing.T, secret, key string) {
	t.Helper()
	w.mustCreate(t, fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: reads-%[1]s}, spec: {replicas: 0, selector: {matchLabels: {app: %[1]s}},
  template: {metadata: {labels: {app: %[1]s}}, spec: {containers: [{name: c, image: none, env: [{name: V, valueFrom: {secretKeyRef: {name: %[1]s, key: %[2]s}}}]}]}}}}`, secret, key))
}

// checkedSecret is what the document says of one secret.
type checkedSecret struct {
	Name, State, AsCaller string
	Findings              []struct {
		State, Severity, Message, Hint string
		Readers                        []struct{ By string }
	}
}

func (c checkedSecret) states() []string {
	var out []string
	for _, f := range c.Findings {
		out = append(out, f.State)
	}
	return out
}

// mustCheckSecrets runs the program, and returns its document by the secrets' names.
func (w *world) mustCheckSecrets(t *testing.T, code int, args ...string) map[string]checkedSecret {
	t.Helper()
	p := w.command(t, append([]string{"secrets", "check", "-o", "json"}, args...)...)
	if got := w.run(t, p); got != code {
		t.Fatalf("%v: exit code %d, want %d\n%s", args, got, code, tail(p.stderr.String()))
	}
	var r struct{ Secrets []checkedSecret }
	check(t, "parse the document", json.Unmarshal(p.stdout.Bytes(), &r))
	out := map[string]checkedSecret{}
	for _, c := range r.Secrets {
		out[c.Name] = c
	}
	return out
}

func heldStates() []held {
	text := func(content string) func(*testing.T, operated, string) {
		return func(t *testing.T, o operated, name string) { t.Helper(); o.put(t, name, content) }
	}
	const creds = `{"username":"u","password":"%s","host":"%s"}`
	return []held{
		{"state-file", theWhole, "a.yaml", text("A: v-secret"), "", ""},
		{"state-key", theWhole, "a.pem", text(aKey), "", ""},
		{"state-part", aPart, "a.json", text(`{"a.json": "{}"}`), "", ""},
		{"state-keys", allKeys, "username", text(fmt.Sprintf(creds, "v-secret", "db.example.org")), "", ""},
		{"state-bytes", aPart, "x", func(t *testing.T, o operated, name string) {
			t.Helper()
			_, err := o.secrets().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte(`{"x": "v-secret"}`)})
			check(t, "create secret", err)
		}, "", ""},
		{"state-missing", theWhole, "a.yaml", nil, secret.Missing, "Secret does not exist"},
		{"state-deleted", theWhole, "a.yaml", func(t *testing.T, o operated, name string) {
			t.Helper()
			o.put(t, name, "A: 1")
			_, err := o.secrets().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name})
			check(t, "delete secret", err)
		}, secret.Deleted, "UpdateFailed"},
		{"state-valueless", theWhole, "a.yaml", func(t *testing.T, o operated, name string) {
			t.Helper()
			_, err := o.secrets().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name})
			check(t, "create secret", err)
		}, secret.NoValue, "UpdateFailed"},
		{"elsewhere", theWhole, "a.yaml", text("A: v-secret"), secret.Denied, "AccessDeniedException"},
		{"state-forbidden", theWhole, "a.yaml", func(t *testing.T, o operated, name string) {
			t.Helper()
			o.put(t, name, "A: v-secret")
			policy := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::` + account + `:user/checked"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}}`
			_, err := o.secrets().PutResourcePolicy(t.Context(), &secretsmanager.PutResourcePolicyInput{SecretId: &name, ResourcePolicy: aws.String(policy)})
			check(t, "put policy", err)
		}, secret.Denied, "AccessDeniedException"},
		{"state-locked", theWhole, "a.yaml", func(t *testing.T, o operated, name string) {
			t.Helper()
			_, err := o.aws.AddSecret(region, name, "A: v-secret", "arn:aws:kms:us-east-1:"+account+":key/1234abcd-12ab-34cd-56ef-1234567890ab", nil)
			check(t, "make secret", err)
		}, secret.KeyDenied, "Access to KMS is not allowed"},
		{"state-not-json", allKeys, "username", text("v-secret"), secret.NotJSON, "UpdateFailed"},
		{"state-list", allKeys, "username", text(`["v-secret"]`), secret.NotObject, "UpdateFailed"},
		{"state-words", aPart, "x", text("v-secret"), secret.NotJSON, "UpdateFailed"},
		{"state-lacks", aPart, "creds.json", text(`{"cred.json": "{}"}`), secret.LacksProperty, "key creds.json does not exist in secret state-lacks"},
		{"state-unwrapped", aPart, "a.json", text(`{"url": "v-secret"}`), secret.Unwrapped, "key a.json does not exist in secret state-unwrapped"},
		{"state-quoted", allKeys, "username", text(`"{\"username\": \"v-secret\"}"`), secret.DoubleEncoded, "UpdateFailed"},
		{"state-lacks-key", allKeys, "dbcreated", text(fmt.Sprintf(creds, "v-secret", "db.example.org")), secret.LacksKey, ""},
		{"state-empty", aPart, "x", text(`{"x": null}`), secret.Empty, ""},
		{"state-wrapped", theWhole, "a.yaml", text(`{"a.yaml": "A: v-secret"}`), secret.Wrapped, ""},
		{"state-base64", theWhole, "a.yaml", text("QTogdi1zZWNyZXQ="), secret.Base64, ""},
		{"state-no-key", theWhole, "a.pem", text("v-secret"), secret.WrongFormat, ""},
		{"state-placeholder", theWhole, "a.yaml", text("ENCRYPTION_KEY: REPLACEME"), secret.Placeholder, ""},
		{"state-newline", allKeys, "password", text(fmt.Sprintf(creds, `v-secret\n`, "db.example.org")), secret.Newline, ""},
		{"state-url", allKeys, "password", text(fmt.Sprintf(creds, "v-secret@1", "db.example.org")), secret.BreaksURL, ""},
		{"state-host", allKeys, "host", text(fmt.Sprintf(creds, "v-secret", "gen3-postgresql")), secret.InCluster, ""},
	}
}
