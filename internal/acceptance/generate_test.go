package acceptance

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const generateCommand = "secrets generate"

// pairs is a deployment of few secrets, two of which share passwords with the third.
const pairs = `
global: {dev: false, hostname: commons.example.org, externalSecrets: {deploy: true}, postgres: {master: {host: db.example.org}}}
audit: {enabled: false}
fence: {enabled: false}
hatchery: {enabled: false}
wts: {enabled: false}
metadata: {enabled: true}
ssjdispatcher: {enabled: true}
`

// generateScenarios are a deployment from nothing, and one of whose secrets a part is there.
func generateScenarios() []scenario {
	return []scenario{
		{name: "secrets from nothing", command: generateCommand, prepare: wantSecrets, ended: hasSecrets},
		{name: "secrets beside one that uses them", command: generateCommand, prepare: wantSecretsBeside, ended: hasSecretsBeside},
	}
}

func wantSecrets(t *testing.T, w *world) []string {
	t.Helper()
	w.gen3 = deployment.Ref{Files: []string{gen3test.Values(t, "values.yaml", pairs)}, Chart: gen3test.Checkout(t, gen3test.New)}
	w.settings.Gen3Version = gen3test.New
	t.Cleanup(func() { w.searchForContents(t) })
	return nil
}

// The passwords of the one that uses them.
const (
	oldIndexd   = "OldPasswordOfIndexd01"
	oldMetadata = "OldPasswordOfMetadata"
)

func wantSecretsBeside(t *testing.T, w *world) []string {
	t.Helper()
	wantSecrets(t, w)
	text := `{"JOBS":[{"imageConfig":{"url":"http://indexd-service/index","username":"sheepdog","password":"` + oldIndexd +
		`","metadataService":{"url":"http://revproxy-service/mds","username":"gateway","password":"` + oldMetadata + `"}}}]}`
	_, err := w.secretsManager().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("ssjdispatcher-creds"), SecretString: &text})
	check(t, "create secret", err)
	w.forgetCalls()
	return nil
}

func (w *world) secretsManager() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: region, BaseEndpoint: aws.String(w.aws.URL()),
		Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
}

// generate runs in this process.
func (w *world) generate(ctx context.Context) (bootstrap.Result, error) {
	settings := w.settings
	settings.Yes = true
	result, err := secrets.Generate(ctx, settings, w.gen3, secrets.WriteOptions{Options: writing.Options{}}, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result.Result, err
}

// stored are the values of all secrets, each of which was written once and never again.
func (w *world) stored(ctx context.Context) (map[string]string, error) {
	api, out := w.secretsManager(), map[string]string{}
	pages := secretsmanager.NewListSecretsPaginator(api, &secretsmanager.ListSecretsInput{})
	var list []types.SecretListEntry
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, page.SecretList...)
	}
	for _, s := range list {
		got, err := api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: s.Name})
		if err != nil {
			return nil, err
		}
		described, err := api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: s.Name})
		if err != nil {
			return nil, err
		}
		if n := len(described.VersionIdsToStages); n != 1 {
			return nil, fmt.Errorf("secret %s has %d versions", *s.Name, n)
		}
		out[*s.Name] = aws.ToString(got.SecretString)
	}
	return out, nil
}

// hasSecrets: all are there, and those that share a password have the same one.
func hasSecrets(t *testing.T, w *world, _ []string) error {
	t.Helper()
	_, err := w.sharedPasswords(t)
	return err
}

func hasSecretsBeside(t *testing.T, w *world, _ []string) error {
	t.Helper()
	got, err := w.sharedPasswords(t)
	if err == nil && got != [2]string{oldIndexd, oldMetadata} {
		err = errors.New("the passwords are not those that were there")
	}
	return err
}

// sharedPasswords are indexd's and the metadata service's, where all secrets agree about them.
func (w *world) sharedPasswords(t *testing.T) (out [2]string, err error) {
	t.Helper()
	stored, err := w.stored(t.Context())
	if err != nil {
		return out, err
	}
	for _, name := range []string{"default-indexd-creds", "indexd-service-creds", "metadata-g3auto", "ssjdispatcher-creds"} {
		if stored[name] == "" {
			return out, fmt.Errorf("there is no secret %s", name)
		}
	}
	var users, metadata map[string]string
	var job struct {
		Jobs []struct {
			ImageConfig struct {
				Password        string
				MetadataService struct{ Password string }
			}
		}
	}
	err = errors.Join(json.Unmarshal([]byte(stored["indexd-service-creds"]), &users), json.Unmarshal([]byte(stored["metadata-g3auto"]), &metadata),
		json.Unmarshal([]byte(stored["ssjdispatcher-creds"]), &job))
	if err != nil || len(job.Jobs) != 1 {
		return out, fmt.Errorf("read the secrets: %d jobs, %w", len(job.Jobs), err)
	}
	out = [2]string{job.Jobs[0].ImageConfig.Password, job.Jobs[0].ImageConfig.MetadataService.Password}
	login := base64.StdEncoding.EncodeToString([]byte("gateway:" + out[1]))
	switch {
	case out[0] == "" || users["sheepdog"] != out[0]:
		err = errors.New("indexd and the job have different passwords")
	case out[1] == "" || metadata["base64Authz.txt"] != login || !strings.Contains(metadata["metadata.env"], "ADMIN_LOGINS=gateway:"+out[1]+"\n"):
		err = errors.New("the metadata service, revproxy and the job have different passwords")
	}
	return out, err
}

// random is what a random value looks like: no name in the charts is so long.
var random = regexp.MustCompile(`[A-Za-z0-9+=_]{20,}`)

// searchForContents fails when a value of Secrets Manager shows in anything that any run wrote.
func (w *world) searchForContents(t *testing.T) {
	t.Helper()
	stored, err := w.stored(context.WithoutCancel(t.Context()))
	check(t, "read secrets", err)
	text := w.output.String()
	for name, value := range stored {
		var properties map[string]string
		if json.Unmarshal([]byte(value), &properties) == nil { // their names are no secret
			value = strings.Join(slices.Collect(maps.Values(properties)), "\n")
		}
		for _, part := range random.FindAllString(value, -1) {
			if strings.Contains(text, part) {
				t.Errorf("a value of %s is in the output", name)
			}
		}
	}
}

// key is an RSA key of the operator's: to make one of 4096 bits takes long.
var key = sync.OnceValue(func() string { //nolint:gochecknoglobals // made once a process
	made, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(made)}))
})

// TestGenerateBesideTheOperator: a deployment from nothing. After up and generate the operator syncs every ExternalSecret but that of the
// license that only the operator of the commons has, and check finds nothing else.
func TestGenerateBesideTheOperator(t *testing.T) {
	t.Parallel()
	o := ownOperated(t)
	w := o.world(t)
	values := gen3test.Values(t, "values.yaml", `
global: {dev: false, hostname: commons.example.org, externalSecrets: {deploy: true}, postgres: {master: {host: db.example.org}}}
metadata: {enabled: true}
ssjdispatcher: {enabled: true}
fence: {jwtKey: `+strconv.Quote(key())+`}
`)
	chart := gen3test.Checkout(t, gen3test.New)
	w.mustRun(t, "up")
	with := []string{"-f", values, "--gen3-chart", chart}
	p := w.command(t, append([]string{generateCommand, "-o", "json"}, with...)...)
	if code := w.run(t, p); code != 0 {
		t.Fatalf("generate ended with %d:\n%s", code, p.stderr.String())
	}
	var result struct {
		Changes []plan.Change
		NotMade []struct{ Name string }
	}
	check(t, "read the result", json.Unmarshal(p.stdout.Bytes(), &result))
	if len(result.Changes) != 12 || len(result.NotMade) != 1 || result.NotMade[0].Name != "stata-workspace-gen3-license" {
		t.Errorf("%+v, %+v", result.Changes, result.NotMade)
	}
	fragment := w.command(t, "values")
	if code := w.run(t, fragment); code != 0 {
		t.Fatal(fragment.stderr.String())
	}
	names := w.install(t, chart, values, gen3test.Values(t, "fragment.yaml", fragment.stdout.String()))
	for _, name := range names {
		want := "SecretSynced"
		if name == "stata-workspace-gen3-license" {
			want = "SecretSyncedError"
		}
		w.mustBecome(t, esV1, "ExternalSecret", name, want)
	}
	checked := w.command(t, append([]string{"secrets check", "-o", "json"}, with...)...)
	w.run(t, checked)
	var found struct {
		Secrets []struct {
			Name     string
			Findings []struct{ State, Property, Message string }
		}
	}
	check(t, "read what check found", json.Unmarshal(checked.stdout.Bytes(), &found))
	for _, s := range found.Secrets {
		for _, f := range s.Findings {
			if s.Name != "stata-workspace-gen3-license" && f.Property != "SQS.url" {
				t.Errorf("%s: %+v", s.Name, f)
			}
		}
	}
	w.mustRun(t, append([]string{generateCommand}, with...)...) // without a terminal: there is nothing to be asked
	w.searchForContents(t)
}

// install makes the ExternalSecrets and stores of the chart in this world's namespace, and returns the names of the former.
func (w *world) install(t *testing.T, chart string, files ...string) []string {
	t.Helper()
	c, err := render.Load(t.Context(), nil, chart, "")
	check(t, "load chart", err)
	values, err := deployment.ReadValues(t.Context(), files)
	check(t, "read values", err)
	rendered, err := c.Render(values, render.Options{Release: "gen3", Namespace: w.namespace})
	check(t, "render chart", err)
	var names []string
	for _, object := range rendered.Objects {
		switch object.Kind() {
		case "ExternalSecret":
			names = append(names, object.Name())
		case "SecretStore":
		default:
			continue
		}
		text, err := yaml.Marshal(object.Content)
		check(t, "write object", err)
		w.mustCreate(t, string(text))
	}
	return names
}
