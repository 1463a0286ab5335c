package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// mark is in each value of these tests, and in nothing that is said.
const mark = "hunter2"

// commons is a namespace in which the chart made Secrets, and an account.
type commons struct {
	settings bootstrap.Settings
	env      bootstrap.Env
	kube     kubernetes.Interface
	srv      *awsfake.Server
	aws      *secretsmanager.Client
	ref      deployment.Ref
	said     strings.Builder
}

const pushedValues = `global: {dev: false, postgres: {master: {host: db.example.org}}, externalSecrets: {deploy: true, createLocalK8sSecret: true}}
hatchery: {enabled: false}
`

func newCommons(t *testing.T, namespace, values string) *commons {
	t.Helper()
	sandbox := kubetest.Start(t)
	c := &commons{srv: awsfake.Start(t)}
	var err error
	c.kube, err = kubernetes.NewForConfig(sandbox.Config(t))
	kubetest.Must(t, err)
	_, err = c.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	own := credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, "")
	c.settings = bootstrap.Settings{
		Account: "123456789012", Region: "us-east-1", Kubeconfig: sandbox.Kubeconfig, Namespace: namespace, Timeout: time.Minute, LockTimeout: 30 * time.Second, Yes: true,
		IAMPath: "/", PolicyName: "p", UserName: "u",
	}
	var lock sync.Mutex
	c.env = bootstrap.Env{
		Now: time.Now, Log: slog.New(slog.NewTextHandler(&c.said, nil)), AWSEndpoint: c.srv.URL(), AWSCredentials: own,
		Sink: event.SinkFunc(func(e event.Event) { lock.Lock(); defer lock.Unlock(); fmt.Fprintf(&c.said, "%+v\n", e) }),
	}
	c.aws = secretsmanager.New(secretsmanager.Options{BaseEndpoint: aws.String(c.srv.URL()), Region: "us-east-1", Credentials: own})
	c.ref = deployment.Ref{Files: []string{gen3test.Values(t, "values.yaml", values)}, Chart: gen3test.Checkout(t, gen3test.New)}
	for _, name := range []string{"audit", "fence", "indexd", "wts"} {
		c.secret(t, name+"-dbcreds", map[string]string{"database": mark + "-d", "username": mark + "-u", "password": mark + name, "host": mark + ".example.org", "port": mark, "dbcreated": "true\n"})
		c.secret(t, name+"-dbcreds-bootstrap", map[string]string{"password": mark + "other"})
	}
	return c
}

func (c *commons) secret(t *testing.T, name string, data map[string]string) {
	t.Helper()
	_, err := c.kube.CoreV1().Secrets(c.settings.Namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"meta.helm.sh/release-name": "gen3"}}, StringData: data,
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

func (c *commons) push(ctx context.Context, o PushOptions) (PushResult, error) {
	r, err := Push(ctx, c.settings, c.ref, o, c.env)
	document, _ := json.Marshal(r)
	fmt.Fprintf(&c.said, "%s %+v %#v %v\n", document, r, r, err)
	return r, err
}

func (c *commons) value(t *testing.T, name string) string {
	t.Helper()
	out, err := c.aws.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return err.Error()
	}
	return aws.ToString(out.SecretString)
}

func lines(r PushResult) string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, string(c.Action)+" "+c.Resource.Name+": "+c.Reason)
	}
	for _, p := range r.Errors {
		out = append(out, "error: "+p.Message+" ("+p.Hint+")")
	}
	return strings.Join(append(out, bootstrap.Messages(r.Warnings)...), "\n")
}

// TestPush: what the chart made goes to Secrets Manager in the shape in which it will be read, once; no value is said.
func TestPush(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push", pushedValues)
	want := func(name string) string {
		return `{"database":"` + mark + `-d","dbcreated":"true","host":"` + mark + `.example.org","password":"` + mark + name + `","port":"` + mark + `","username":"` + mark + `-u"}`
	}
	c.settings.Yes = false
	r, err := c.push(t.Context(), PushOptions{})
	if err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Hint, "--yes") || len(r.Changes) != 4 || r.Changed || len(r.SwitchOver) > 0 {
		t.Errorf("without an answer: %s", lines(r))
	}
	if r, err = c.push(t.Context(), PushOptions{WriteOptions: WriteOptions{DryRun: true}}); err != nil || !r.Changed || len(c.srv.Writes()) > 0 {
		t.Errorf("as a dry run: %s, wrote %v", lines(r), c.srv.Writes())
	}
	c.settings.Yes = true
	if r, err = c.push(t.Context(), PushOptions{}); err != nil || !r.Changed || len(r.Changes) != 4 {
		t.Fatalf("%s", lines(r))
	}
	for _, name := range []string{"audit", "fence", "indexd", "wts"} {
		if got := c.value(t, "default-"+name+"-creds"); got != want(name) {
			t.Errorf("%s holds %s", name, got)
		}
	}
	next, _ := json.Marshal(r.SwitchOver)
	for _, text := range []string{
		"kubectl --kubeconfig " + c.settings.Kubeconfig + " -n push annotate secret audit-dbcreds fence-dbcreds indexd-dbcreds wts-dbcreds helm.sh/resource-policy=keep",
		"global.externalSecrets.createLocalK8sSecret=false", "helm upgrade gen3", "externalsecret/indexd-dbcreds",
		"rollout restart deployment/audit-deployment deployment/fence-deployment deployment/indexd-deployment deployment/wts-deployment",
	} {
		if !strings.Contains(string(next), text) {
			t.Errorf("%s is not in %s", text, next)
		}
	}
	before := len(c.srv.Writes())
	if r, err = c.push(t.Context(), PushOptions{}); err != nil || r.Changed || len(c.srv.Writes()) > before || len(r.SwitchOver) == 0 {
		t.Errorf("again: %s", lines(r))
	}
	// One of them is other in Secrets Manager: nothing is written, and the properties are named.
	_, err = c.aws.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("default-wts-creds"), SecretString: aws.String(strings.Replace(want("wts"), mark+"wts", mark+"older", 1))})
	kubetest.Must(t, err)
	if r, err = c.push(t.Context(), PushOptions{}); err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "differs in property password") || !strings.Contains(r.Errors[0].Hint, "--overwrite default-wts-creds") {
		t.Errorf("where one differs: %s", lines(r))
	}
	o := PushOptions{WriteOptions: WriteOptions{Options: writing.Options{Only: []string{"default-wts-creds"}, Overwrite: []string{"default-wts-creds"}}}}
	if r, err = c.push(t.Context(), o); err != nil || len(r.Changes) != 1 || c.value(t, "default-wts-creds") != want("wts") || !strings.Contains(strings.Join(bootstrap.Messages(r.Warnings), ""), "audit-dbcreds, fence-dbcreds, indexd-dbcreds as well") {
		t.Errorf("overwritten: %s", lines(r))
	}
	if strings.Contains(c.said.String(), mark) {
		t.Errorf("a value is said: %s", c.said.String())
	}
}

// TestPushRefuses whatever cannot be right, all of it at once and before anything is written.
func TestPushRefuses(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push-refuses", pushedValues)
	secrets := c.kube.CoreV1().Secrets("push-refuses")
	change := func(name string, with func(*corev1.Secret)) {
		t.Helper()
		s, err := secrets.Get(t.Context(), name, metav1.GetOptions{})
		kubetest.Must(t, err)
		with(s)
		_, err = secrets.Update(t.Context(), s, metav1.UpdateOptions{})
		kubetest.Must(t, err)
	}
	change("audit-dbcreds", func(s *corev1.Secret) { delete(s.Data, "dbcreated") })
	change("fence-dbcreds", func(s *corev1.Secret) { s.Data["host"] = []byte("gen3-postgresql") })
	change("wts-dbcreds", func(s *corev1.Secret) {
		yes := true
		s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "wts-dbcreds", UID: "1", Controller: &yes}}
	})
	kubetest.Must(t, secrets.Delete(t.Context(), "indexd-dbcreds", metav1.DeleteOptions{}))
	r, err := c.push(t.Context(), PushOptions{FromFiles: []string{"fence-config=" + gen3test.Values(t, "f.yaml", "- a list\n"), "fence-confg=" + gen3test.Values(t, "g.yaml", "a: b\n")}})
	for _, want := range []string{
		"Job audit-dbcreate has not made the database yet", "kubectl -n push-refuses get job audit-dbcreate", "its host is a database in the cluster itself",
		"Secret indexd-dbcreds, which the chart makes, is not in the cluster", "none default-wts-creds: ExternalSecret wts-dbcreds makes Secret wts-dbcreds already",
		"the deployment reads no secret of that name; it reads fence-config", "check file",
	} {
		if !strings.Contains(lines(r), want) {
			t.Errorf("%q is not in\n%s", want, lines(r))
		}
	}
	if err == nil || len(r.Errors) != 5 || len(c.srv.Writes()) > 0 {
		t.Errorf("%s, wrote %v", lines(r), c.srv.Writes())
	}
	for flag, want := range map[string]string{"x": "NAME=PATH", "a=/none": "check --from-file a=/none"} {
		if r, err := c.push(t.Context(), PushOptions{FromFiles: []string{flag}}); err == nil || !strings.Contains(lines(r), want) {
			t.Errorf("%s: %s", flag, lines(r))
		}
	}
	if r, err := c.push(t.Context(), PushOptions{WriteOptions: WriteOptions{Options: writing.Options{Only: []string{"none"}}}}); err == nil || !strings.Contains(lines(r), "check --only none") {
		t.Errorf("%s", lines(r))
	}
}

// TestPushOfHalfAChart: what becomes no YAML with the chart's own Secrets switched off is not silently left out.
func TestPushOfHalfAChart(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push-half", pushedValues+`fence: {externalSecrets: {dbcreds: "a\e[31mb"}}`)
	r, err := c.push(t.Context(), PushOptions{WriteOptions: WriteOptions{DryRun: true}})
	if err != nil || len(r.Changes) != 3 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Message, "charts/fence/templates/external-secret.yaml: what comes out is no YAML") {
		t.Errorf("%v: %s", err, lines(r))
	}
}

// TestPushFromFile: in the shape that the chart reads, also where the release that Helm stored says what is deployed.
func TestPushFromFile(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push-files", "")
	c.release(t, map[string]any{"global": map[string]any{"externalSecrets": map[string]any{"deploy": true}}})
	o := PushOptions{FromFiles: []string{
		"fence-google-app-creds-secret=" + gen3test.Values(t, "google.json", `{"type": "service_account", "private_key": "`+mark+`"}`),
		"stata-workspace-gen3-license=" + gen3test.Values(t, "stata.lic", mark+" license\n"),
	}}
	r, err := c.push(t.Context(), o)
	if err != nil || len(r.Changes) != 2 {
		t.Fatalf("%s", lines(r))
	}
	for name, want := range map[string]string{
		"fence-google-app-creds-secret": `{"fence_google_app_creds_secret.json":"{\"type\": \"service_account\", \"private_key\": \"` + mark + `\"}"}`,
		"stata-workspace-gen3-license":  mark + " license",
	} {
		if got := c.value(t, name); got != want {
			t.Errorf("%s holds %s", name, got)
		}
	}
	if strings.Contains(c.said.String(), mark) {
		t.Errorf("a value is said: %s", c.said.String())
	}
}

// TestTwoPushes at once end well both, and write each secret once.
func TestTwoPushes(t *testing.T) {
	t.Parallel()
	c := newCommons(t, "push-twice", pushedValues)
	var group sync.WaitGroup
	results := make([]error, 2)
	env := c.env
	env.Sink, env.Log = event.Discard, slog.New(slog.DiscardHandler)
	for i := range results {
		group.Go(func() { _, results[i] = Push(t.Context(), c.settings, c.ref, PushOptions{}, env) })
	}
	group.Wait()
	var created []string
	for _, call := range c.srv.Writes() {
		if call.Action == "CreateSecret" {
			created = append(created, call.Object)
		}
	}
	slices.Sort(created)
	if results[0] != nil || results[1] != nil || len(created) != 4 {
		t.Errorf("%v, created %v", results, created)
	}
}
