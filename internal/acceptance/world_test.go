package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

const (
	account = "123456789012"
	region  = "us-east-1"
)

// world is one namespace of a sandbox and one AWS account, with every call to either recorded.
type world struct {
	sandbox   *sandbox
	aws       *awsfake.Server
	proxy     *kubeproxy.Proxy
	kube      kubernetes.Interface // past the proxy: the tests' own eyes
	namespace string
	settings  bootstrap.Settings
	options   teardown.Options
	gen3      deployment.Ref      // of the commands that write to Secrets Manager
	pushed    secrets.PushOptions // of secrets push
	values    []string            // that nothing may show
	output    *output
}

// output gathers everything that runs in a world wrote anywhere, for the search for secrets.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var namespaces, accounts atomic.Int64 //nolint:gochecknoglobals // number those of one test process

// newWorld makes a namespace of its own and an empty account. Durations are short, so that a case takes about a second.
func newWorld(t *testing.T, sb *sandbox, opts ...awsfake.Option) *world {
	t.Helper()
	// Secret halves of its own: a rotation looks through the whole cluster for those that hold a key.
	return newWorldOn(t, sb, awsfake.Start(t, append([]awsfake.Option{awsfake.WithSecretsOf(strconv.FormatInt(accounts.Add(1), 10))}, opts...)...))
}

// newWorldOn is newWorld with an account that others use as well.
func newWorldOn(t *testing.T, sb *sandbox, account *awsfake.Server) *world {
	t.Helper()
	config := loadConfig(t, sb.Kubeconfig)
	w := &world{sandbox: sb, aws: account, output: &output{}, namespace: fmt.Sprintf("gen3-%d", namespaces.Add(1))}
	var err error
	w.kube, err = kubernetes.NewForConfig(config)
	check(t, "connect to sandbox", err)
	w.proxy = kubeproxy.Start(t, config)
	_, err = w.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}, metav1.CreateOptions{})
	check(t, "create namespace", err)
	w.settings = w.defaults(t)
	t.Cleanup(func() { w.searchForSecrets(t) })
	return w
}

func loadConfig(t *testing.T, path string) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", path)
	check(t, "load kubeconfig", err)
	config.QPS, config.Burst = -1, -1
	return config
}

func (w *world) defaults(t *testing.T) bootstrap.Settings {
	t.Helper()
	return bootstrap.Settings{
		Account: account, Region: region, Kubeconfig: w.proxy.Kubeconfig(t, w.namespace), Namespace: w.namespace,
		Timeout: 3 * time.Minute, LockTimeout: 10 * time.Second,
		PolicyName: bootstrap.DefaultPolicyName, UserName: bootstrap.DefaultUserName, IAMPath: bootstrap.DefaultIAMPath,
		GlobalUserSecret: bootstrap.DefaultGlobalUserSecret, ServiceAccount: bootstrap.DefaultServiceAccount,
		SkipHelm: true,
		Helm: helminstall.Settings{
			Release: bootstrap.DefaultRelease, Namespace: bootstrap.DefaultReleaseNamespace,
			Chart: chartsource.DefaultChart, Repo: w.sandbox.ChartRepo, Set: []string{"webhook.create=false"}, // no operator runs that would serve it
		},
		Timing: bootstrap.Timing{
			// It outlasts what a busy machine takes for a renewal; that of a killed run is cut short, see hasten.
			Lease: 6 * time.Second, MintDeadline: 2 * time.Second, Settle: time.Second,
			Poll: 20 * time.Millisecond, Request: 2 * time.Second,
		},
	}
}

func (w *world) env() bootstrap.Env {
	log := slog.New(slog.NewTextHandler(w.output, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sink := event.SinkFunc(func(e event.Event) { fmt.Fprintf(w.output, "event %+v %+v\n", e, e.Change) })
	return bootstrap.Env{
		Now: time.Now, Sink: sink, Log: log,
		AWSEndpoint:    w.aws.URL(),
		AWSCredentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	}
}

// up runs in this process and returns what a user would get to see.
func (w *world) up(ctx context.Context) (bootstrap.Result, error) {
	result, err := bootstrap.Up(ctx, w.settings, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result, err
}

func (w *world) plan(ctx context.Context) (bootstrap.Result, error) {
	result, err := bootstrap.Plan(ctx, w.settings, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result, err
}

// do runs a command that writes; teardown is not asked.
func (w *world) do(ctx context.Context, command string) (bootstrap.Result, error) {
	switch command {
	case "up":
		return w.up(ctx)
	case "rotate":
		return w.rotate(ctx, bootstrap.Rotation{})
	case pushCommand:
		return w.push(ctx)
	case generateCommand:
		return w.generate(ctx)
	}
	settings := w.settings
	settings.Yes = true
	// As from the command line, where the record gives the names.
	settings.PolicyName, settings.UserName, settings.IAMPath, settings.GlobalUserSecret, settings.ServiceAccount = "", "", "", "", ""
	result, err := teardown.Run(ctx, settings, w.options, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result, err
}

// mustUp is up that has to succeed.
func (w *world) mustUp(t *testing.T) bootstrap.Result {
	t.Helper()
	result, err := w.up(t.Context())
	if err != nil {
		t.Fatalf("up: %v\n%s", err, problems(result))
	}
	return result
}

// mustBeConverged says that a plan is empty and that another up writes nothing anywhere.
func (w *world) mustBeConverged(t *testing.T) {
	t.Helper()
	planned, err := w.plan(t.Context())
	if err != nil || planned.Changed {
		t.Fatalf("plan of a converged namespace: error %v, changes:\n%s%s", err, changes(planned), problems(planned))
	}
	w.aws.ResetCalls()
	w.proxy.ResetCalls()
	result := w.mustUp(t)
	if result.Changed || len(w.aws.Writes()) > 0 || len(w.proxy.Writes()) > 0 {
		t.Fatalf("up of a converged namespace wrote: %v %v\n%s", w.aws.Writes(), w.proxy.Writes(), changes(result))
	}
}

func (w *world) secret(t *testing.T, name string) *corev1.Secret {
	t.Helper()
	secret, err := w.kube.CoreV1().Secrets(w.namespace).Get(t.Context(), name, metav1.GetOptions{})
	check(t, "get Secret "+name, err)
	return secret
}

// searchForSecrets fails when a secret half shows in anything that any run wrote, or in any object but a Secret.
func (w *world) searchForSecrets(t *testing.T) {
	t.Helper()
	seen := map[string]string{"output": w.output.String()}
	maps, err := w.kube.CoreV1().ConfigMaps(w.namespace).List(context.WithoutCancel(t.Context()), metav1.ListOptions{})
	if err == nil {
		for _, m := range maps.Items {
			seen["ConfigMap "+m.Name] = m.String()
		}
	}
	for _, dir := range []string{filepath.Dir(w.settings.Kubeconfig)} {
		_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				text, _ := os.ReadFile(path)
				seen[path] = string(text)
			}
			return nil
		})
	}
	for where, text := range seen {
		for _, half := range append(w.aws.Secrets(), w.values...) {
			if strings.Contains(text, half) {
				t.Errorf("a secret half stands in %s", where)
			}
		}
	}
}

func problems(r bootstrap.Result) string {
	var b strings.Builder
	for _, p := range r.Errors {
		fmt.Fprintf(&b, "  %s: %s (hint: %s)\n", p.Step, p.Message, p.Hint)
	}
	return b.String()
}

func changes(r bootstrap.Result) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "  %s %s %s: %s\n", c.Step, c.Action, c.Resource, c.Reason)
	}
	return b.String()
}

// hasProblem reports whether the result names a text in one of its errors or hints.
func hasProblem(r bootstrap.Result, text string) bool { return strings.Contains(problems(r), text) }
