package secrets

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const (
	checkAccount = "123456789012"
	checkRegion  = "us-east-1"
	secretValue  = "hunter2hunter2" // within every content that a test makes
	cmk          = "arn:aws:kms:us-east-1:" + checkAccount + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// stage is an account, and a deployment that is rendered from files.
type stage struct {
	aws *awsfake.Server
	ref deployment.Ref
	env bootstrap.Env
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{aws: awsfake.Start(t, awsfake.WithAccount(checkAccount))}
	s.ref = deployment.Ref{Files: []string{gen3test.Values(t, "on.yaml", "global: {externalSecrets: {deploy: true}}")}, Chart: gen3test.Checkout(t, gen3test.New)}
	s.env = bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler), Sink: event.Discard, AWSEndpoint: s.aws.URL()}
	s.as(awsfake.AdminKeyID, awsfake.AdminSecret)
	return s
}

func (s *stage) as(id, secret string) {
	s.env.AWSCredentials = credentials.NewStaticCredentialsProvider(id, secret, "")
}

// limited signs in as a user that may do just these actions.
func (s *stage) limited(t *testing.T, resource string, actions ...string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource}})
	kubetest.Must(t, err)
	policy, err := s.aws.AddPolicy("limited", string(text), nil)
	kubetest.Must(t, err)
	user, err := s.aws.AddUser("limited", nil)
	kubetest.Must(t, err)
	kubetest.Must(t, s.aws.Attach(user, policy))
	id, err := s.aws.AddKey("limited")
	kubetest.Must(t, err)
	s.as(id, s.aws.SecretOf(id))
}

func (s *stage) admin() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: checkRegion, BaseEndpoint: aws.String(s.aws.URL()), Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
}

// check runs, and looks for values in what comes out.
func (s *stage) check(t *testing.T, o CheckOptions) (CheckResult, error) {
	t.Helper()
	s.aws.ResetCalls()
	r, err := Check(t.Context(), bootstrap.Settings{Account: checkAccount, Region: checkRegion, Timeout: time.Minute}, s.ref, o, s.env)
	document, _ := json.Marshal(r)
	if text := fmt.Sprintf("%s %+v", document, r); strings.Contains(text, "hunter2") {
		t.Errorf("a value comes out: %s", text)
	}
	if writes := s.aws.Writes(); len(writes) > 0 {
		t.Errorf("it wrote %v", writes)
	}
	return r, err
}

// fill makes every secret that the deployment reads as it should be.
func (s *stage) fill(t *testing.T) []Secret {
	t.Helper()
	r, err := List(t.Context(), bootstrap.Settings{Timeout: time.Minute}, s.ref, Other{}, s.env)
	kubetest.Must(t, err)
	for _, secret := range r.Secrets {
		_, err := s.aws.AddSecret(checkRegion, secret.Name, wellMade(t, secret), "", nil)
		kubetest.Must(t, err)
	}
	return r.Secrets
}

// wellMade is a content that satisfies all that read a secret.
func wellMade(t *testing.T, s Secret) string {
	t.Helper()
	of := func(name string) string {
		switch {
		case strings.HasPrefix(name, "base64"):
			return base64.StdEncoding.EncodeToString([]byte("gateway:" + secretValue))
		case name == "host":
			return "db.example.org"
		}
		return map[string]string{
			"yaml": "A: " + secretValue, "json": `{"a": "` + secretValue + `"}`, "env": "ADMIN_LOGINS=gateway:" + secretValue,
			"private-key": "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n", "": secretValue,
		}[gen3.Format(name)]
	}
	if s.Shapes[0] == gen3.Whole {
		return of("x." + map[string]string{"yaml": "yaml", "json": "json", "env": "env", "private-key": "pem", "": "txt"}[strings.Join(s.Formats, "")])
	}
	object := map[string]string{}
	for _, name := range append(s.Properties, s.Keys...) {
		object[name] = of(name)
	}
	text, err := json.Marshal(object)
	kubetest.Must(t, err)
	return string(text)
}

// states are what was found of each secret that is not well.
func states(r CheckResult) map[string]string {
	out := map[string]string{}
	for _, c := range r.Secrets {
		for _, f := range c.Findings {
			out[c.Name] += fmt.Sprintf("%s %s;", f.State, f.Severity)
		}
	}
	return out
}

func TestCheckOfWhatIsWell(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	want := s.fill(t)
	r, err := s.check(t, CheckOptions{})
	if err != nil || len(r.Secrets) != len(want) || len(states(r)) > 0 || r.StopsPods() || !strings.HasPrefix(r.ReadAs, "arn:aws:iam:") || r.Source != deployment.Files {
		t.Errorf("%v %+v, %v", states(r), r, err)
	}
}

// TestCheckTellsStates makes each state that AWS answers, and one of content.
func TestCheckTellsStates(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fill(t)
	api := s.admin()
	remove := func(name string, force bool) {
		_, err := api.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: &force})
		kubetest.Must(t, err)
	}
	remove("fence-config", true)
	_, err := s.aws.AddSecret(checkRegion, "demo-fence-config", "A: 1", "", nil)
	kubetest.Must(t, err)
	remove("fence-jwt-keys", false)
	remove("audit-g3auto", true)
	_, err = api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("audit-g3auto")})
	kubetest.Must(t, err)
	_, err = api.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("default-fence-creds"), SecretBinary: []byte(`{"usrname": "` + secretValue + `"}`)})
	kubetest.Must(t, err)
	r, err := s.check(t, CheckOptions{})
	if err != nil {
		t.Fatal(r.Errors)
	}
	want := map[string]string{
		"fence-config": "missing stops-pods;", "fence-jwt-keys": "scheduled-for-deletion stops-pods;", "audit-g3auto": "no-current-value stops-pods;",
		"default-fence-creds": "lacks-key stops-pods;lacks-key stops-pods;lacks-key stops-pods;lacks-key stops-pods;lacks-key stops-pods;lacks-key jobs-only;",
	}
	for name, found := range states(r) {
		if found != want[name] {
			t.Errorf("%s: %s, want %s", name, found, want[name])
		}
	}
	for _, c := range r.Secrets {
		switch c.Name {
		case "fence-config":
			f := c.Findings[0]
			if f.Nearest != "demo-fence-config" || !strings.Contains(f.Hint, "create-secret") || c.SetBy[0] != "fence.externalSecrets.fenceConfig" || c.State != "missing" || f.Readers[0].By != "Deployment fence-deployment" {
				t.Errorf("%+v", c)
			}
		case "default-fence-creds":
			if !c.Binary || !slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Property == "username" && f.Nearest == "usrname" }) {
				t.Errorf("%+v", c)
			}
		}
	}
	if !r.StopsPods() || r.Count(gen3.StopsPods) != 4 {
		t.Errorf("%d stop pods", r.Count(gen3.StopsPods))
	}
}

// TestCheckNamesNoOtherSecretAsNearest: what the deployment reads already is no misspelling of what is missing.
func TestCheckNamesNoOtherSecretAsNearest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, err := s.aws.AddSecret(checkRegion, "wts-g3auto", `{"appcreds.json":"{}"}`, "", nil)
	kubetest.Must(t, err)
	r, err := s.check(t, CheckOptions{})
	kubetest.Must(t, err)
	for _, c := range r.Secrets {
		for _, f := range c.Findings {
			if f.Nearest != "" {
				t.Errorf("%s: is %s meant?", c.Name, f.Nearest)
			}
		}
	}
}

// TestCheckWithFewRights: without the right to batches and to lists all is found all the same; what may not be read is an error.
func TestCheckWithFewRights(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fill(t)
	_, err := s.admin().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("fence-config"), ForceDeleteWithoutRecovery: aws.Bool(true)})
	kubetest.Must(t, err)
	s.limited(t, "arn:aws:secretsmanager:us-east-1:"+checkAccount+":secret:*", "secretsmanager:GetSecretValue")
	r, err := s.check(t, CheckOptions{})
	if err != nil || len(states(r)) != 1 || states(r)["fence-config"] != "missing stops-pods;" {
		t.Errorf("%v, %v %+v", states(r), err, r.Errors)
	}

	s = newStage(t)
	s.fill(t)
	s.limited(t, "arn:aws:secretsmanager:us-east-1:"+checkAccount+":secret:fence-*", "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")
	_, err = s.admin().UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: aws.String("fence-jwt-keys"), KmsKeyId: aws.String(cmk), SecretString: aws.String("x")})
	kubetest.Must(t, err)
	r, err = s.check(t, CheckOptions{})
	if err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "audit-g3auto") || !strings.Contains(r.Errors[0].Hint, "--as-operator") {
		t.Errorf("%+v, %v", r.Errors, err)
	}
	if got := states(r); got["fence-jwt-keys"] != "kms-denied stops-pods;" || got["wts-g3auto"] != "denied stops-pods;" || got["fence-config"] != "" {
		t.Errorf("%v", got)
	}
	for _, c := range r.Secrets {
		if c.Name == "fence-jwt-keys" && !strings.Contains(c.Findings[0].Message, cmk) {
			t.Errorf("the KMS key is not named: %+v", c.Findings)
		}
	}
}

// TestNamesOnly: no value is asked for, so that the right to describe is enough.
func TestNamesOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fill(t)
	_, err := s.admin().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("fence-config")})
	kubetest.Must(t, err)
	_, err = s.admin().PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("fence-jwt-keys"), SecretString: aws.String("no key")})
	kubetest.Must(t, err)
	s.limited(t, "*", "secretsmanager:DescribeSecret")
	r, err := s.check(t, CheckOptions{NamesOnly: true})
	if err != nil || len(states(r)) != 1 || states(r)["fence-config"] != "scheduled-for-deletion stops-pods;" {
		t.Errorf("%v, %v %+v", states(r), err, r.Errors)
	}
	for _, call := range s.aws.Calls() {
		if call.Service == "secretsmanager" && call.Action != "DescribeSecret" {
			t.Errorf("%s was asked", call.Action)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.ref.Files = []string{"none.yaml"}
	if r, err := s.check(t, CheckOptions{}); err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "none.yaml") {
		t.Errorf("%+v, %v", r.Errors, err)
	}
	s.as("AKIAIOSFODNN7EXAMPLE", "wrong")
	if r, err := s.check(t, CheckOptions{}); err == nil || len(r.Errors) != 2 {
		t.Errorf("both sides: %+v, %v", r.Errors, err)
	}
	if r, err := Check(t.Context(), bootstrap.Settings{}, s.ref, CheckOptions{}, s.env); err == nil || len(r.Errors) < 2 {
		t.Errorf("no account: %+v, %v", r.Errors, err)
	}
}

// TestCheckAcross: each secret is well by itself, and two of them do not agree.
func TestCheckAcross(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.ref.Files = append(s.ref.Files, gen3test.Values(t, "more.yaml", "metadata: {enabled: true}\nssjdispatcher: {enabled: true}"))
	s.fill(t)
	put := func(name string, content any) {
		text, err := json.Marshal(content)
		kubetest.Must(t, err)
		_, err = s.admin().PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: aws.String(string(text))})
		kubetest.Must(t, err)
	}
	put("ssjdispatcher-creds", map[string]any{"JOBS": []any{map[string]any{"url": "http://indexd-service/index", "username": "ssj", "password": secretValue}}})
	put("indexd-service-creds", map[string]string{"fence": secretValue, "sheepdog": secretValue, "gateway": secretValue, "ssj": secretValue + "2"})
	put("metadata-g3auto", map[string]string{"base64Authz.txt": base64.StdEncoding.EncodeToString([]byte("gateway:another")), "metadata.env": "ADMIN_LOGINS=gateway:" + secretValue, "dbcreds.json": "{}"})
	r, err := s.check(t, CheckOptions{})
	if got := states(r); err != nil || len(got) != 2 || got["ssjdispatcher-creds"] != "unequal at-use;" || got["metadata-g3auto"] != "unequal at-use;" {
		t.Errorf("%v, %v", got, err)
	}
}
