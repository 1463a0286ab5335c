package acceptance

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What a pod of the operator is annotated with to break it; internal/sandbox/eso says what each does.
const (
	stopped          = "sandbox.gen3-bootstrap/stopped"
	unreachable      = "sandbox.gen3-bootstrap/unreachable"
	wrongCertificate = "sandbox.gen3-bootstrap/wrong-certificate"
)

// operated is a sandbox in which the operator runs once a release of it is there, and the account that it reads from.
type operated struct {
	*sandbox

	aws *awsfake.Server
}

var sharedOperated struct { //nolint:gochecknoglobals // as shared is
	once sync.Once
	operated
	stop func() // never called, see shared
}

// anyOperated is shared by tests that leave the release alone, each in a namespace of its own. Users and policies are
// those of one account.
func anyOperated(t *testing.T) operated {
	t.Helper()
	needSandbox(t)
	need(t, envOperator, "operator")
	sharedOperated.once.Do(func() {
		account := awsfake.New()
		check(t, "start the AWS fake", account.Listen(context.Background(), "127.0.0.1:0"))
		dir, err := os.MkdirTemp("", "gen3-bootstrap-acceptance-") //nolint:usetesting // it outlives the test that happens to come first
		check(t, "make directory", err)
		sharedOperated.operated, sharedOperated.stop = runOperated(t, dir, account)
	})
	if sharedOperated.sandbox == nil {
		t.Fatal("the shared sandbox with an operator did not start")
	}
	return sharedOperated.operated
}

// ownOperated is for tests that break the release or the account.
func ownOperated(t *testing.T) operated {
	t.Helper()
	needSandbox(t)
	need(t, envOperator, "operator")
	o, stop := runOperated(t, t.TempDir(), awsfake.Start(t))
	t.Cleanup(stop)
	return o
}

func runOperated(t *testing.T, dir string, account *awsfake.Server) (o operated, stop func()) {
	t.Helper()
	sb, stop := runSandbox(t, dir, "--aws=false", "--operator", os.Getenv(envOperator), "--operator-aws", account.URL())
	client, err := kubernetes.NewForConfig(loadConfig(t, sb.Kubeconfig))
	check(t, "connect to sandbox", err)
	jwks, err := client.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(t.Context())
	check(t, "get keys of the issuer", err)
	check(t, "set keys of the issuer", account.SetJWKS(sb.Issuer, jwks))
	return operated{sb, account}, stop
}

// world is a namespace whose up installs the operator, or finds the one that another namespace's up installed.
func (o operated) world(t *testing.T) *world {
	t.Helper()
	w := newWorldOn(t, o.sandbox, o.aws)
	w.settings.SkipHelm, w.settings.Helm.Set = false, nil // the whole release, webhook included
	w.settings.Timing.Request = 10 * time.Second
	return w
}

// mustRun runs the program and expects that it succeeds.
func (w *world) mustRun(t *testing.T, args ...string) {
	t.Helper()
	p := w.command(t, args...)
	if code := w.run(t, p); code != 0 {
		t.Fatalf("%s: exit code %d\n%s\n%s", strings.Join(args, " "), code, p.stdout.String(), tail(p.stderr.String()))
	}
}

// put makes a secret in Secrets Manager, as the account's administrator.
func (o operated) put(t *testing.T, name, value string) {
	t.Helper()
	_, err := o.secrets().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	check(t, "create secret "+name, err)
}

func (o operated) secrets() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: region, BaseEndpoint: aws.String(o.aws.URL()),
		Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
}

// objects is the API of one of the operator's kinds, or of another that is namespaced, in this world.
func (w *world) objects(t *testing.T, apiVersion, kind string) dynamic.ResourceInterface {
	t.Helper()
	client, err := dynamic.NewForConfig(loadConfig(t, w.sandbox.Kubeconfig))
	check(t, "connect to sandbox", err)
	gv, err := schema.ParseGroupVersion(apiVersion)
	check(t, "parse "+apiVersion, err)
	return client.Resource(gv.WithResource(strings.ToLower(kind) + "s")).Namespace(w.namespace)
}

// create makes one object in this world's namespace.
func (w *world) create(t *testing.T, manifest string) error {
	t.Helper()
	o := &unstructured.Unstructured{}
	check(t, "parse manifest", yaml.Unmarshal([]byte(manifest), &o.Object))
	_, err := w.objects(t, o.GetAPIVersion(), o.GetKind()).Create(t.Context(), o, metav1.CreateOptions{})
	return err
}

// mustCreate is create that has to succeed.
func (w *world) mustCreate(t *testing.T, manifest string) {
	t.Helper()
	check(t, "create "+manifest, w.create(t, manifest))
}

// ready is reason and message of an object's condition Ready; empty while there is none.
func (w *world) ready(t *testing.T, apiVersion, kind, name string) (reason, message string) {
	t.Helper()
	o, err := w.objects(t, apiVersion, kind).Get(t.Context(), name, metav1.GetOptions{})
	check(t, "get "+kind+" "+name, err)
	conditions, _, err := unstructured.NestedSlice(o.Object, "status", "conditions")
	check(t, "read conditions", err)
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			reason, _ = c["reason"].(string)
			message, _ = c["message"].(string)
		}
	}
	return reason, message
}

// mustBecome waits until an ExternalSecret or a PushSecret is ready, or is not, for a reason.
func (w *world) mustBecome(t *testing.T, apiVersion, kind, name, want string) {
	t.Helper()
	var reason, message string
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		reason, message = w.ready(t, apiVersion, kind, name)
		return reason == want, nil
	})
	if err != nil {
		t.Fatalf("%s %s is %q (%s), want %q; events:\n%s", kind, name, reason, message, want, strings.Join(w.warnings(t, name), "\n"))
	}
}

// warnings are the messages of an object's Warning events.
func (w *world) warnings(t *testing.T, name string) []string {
	t.Helper()
	events, err := w.kube.CoreV1().Events(w.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + name})
	check(t, "list events", err)
	var found []string
	for _, e := range events.Items {
		if e.Type == corev1.EventTypeWarning {
			found = append(found, e.Reason+": "+e.Message)
		}
	}
	return found
}

// annotatePods annotates the pods of one of the release's Deployments, which replaces them, and waits for the new ones.
// Each call takes the annotations of the one before away.
func (o operated) annotatePods(t *testing.T, deployment string, annotations ...string) {
	t.Helper()
	patch := `{"spec":{"template":{"metadata":{"annotations":null}}}}`
	if len(annotations) > 0 {
		patch = `{"spec":{"template":{"metadata":{"annotations":{"` + strings.Join(annotations, `":"true","`) + `":"true"}}}}}`
	}
	o.patchRelease(t, deployment, patch)
}

// patchRelease changes one of the release's Deployments, and waits until it has the pods that it then wants and no others.
func (o operated) patchRelease(t *testing.T, deployment, patch string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(loadConfig(t, o.Kubeconfig))
	check(t, "connect to sandbox", err)
	api := client.AppsV1().Deployments("external-secrets")
	d, err := api.Patch(t.Context(), deployment, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	check(t, "patch Deployment "+deployment, err)
	poll(t, "the pods of Deployment "+deployment, func() bool {
		now, err := api.Get(t.Context(), deployment, metav1.GetOptions{})
		check(t, "get Deployment "+deployment, err)
		s, want := now.Status, *now.Spec.Replicas
		return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.Replicas == want && s.ReadyReplicas == want
	})
}
