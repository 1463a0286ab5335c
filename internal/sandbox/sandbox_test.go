package sandbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/chartrepo"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/charts"
)

// TestTwoAtOnce starts two sandboxes in one process and tries everything on
// one or the other of them.
func TestTwoAtOnce(t *testing.T) {
	repo, err := charts.Ensure(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	one, two := startTwo(t, func() sandbox.Options {
		return sandbox.Options{BaseDir: base, ChartRepo: chartrepo.New(repo)}
	})
	t.Run("use", func(t *testing.T) {
		t.Run("apart", func(t *testing.T) { t.Parallel(); testApart(t, one, two) })
		t.Run("version", func(t *testing.T) { t.Parallel(); testVersion(t, one) })
		t.Run("issuer", func(t *testing.T) { t.Parallel(); testIssuer(t, one) })
		t.Run("restricted", func(t *testing.T) { t.Parallel(); testRestricted(t, one) })
		t.Run("deployment", func(t *testing.T) { t.Parallel(); testDeployment(t, one) })
		t.Run("stuck", func(t *testing.T) { t.Parallel(); testStuck(t, two) })
		t.Run("job", func(t *testing.T) { t.Parallel(); testJob(t, two) })
		t.Run("garbage", func(t *testing.T) { t.Parallel(); testGarbage(t, one) })
		t.Run("namespace", func(t *testing.T) { t.Parallel(); testNamespaceDeletion(t, two) })
		t.Run("few objects", func(t *testing.T) { t.Parallel(); testFewObjects(t, two) })
		t.Run("external secrets", func(t *testing.T) { t.Parallel(); testExternalSecrets(t, one) })
	})
	for _, s := range []*sandbox.Sandbox{one, two} {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
			t.Errorf("directory is still there after Stop: %v", err)
		}
	}
}

func startTwo(t *testing.T, opts func() sandbox.Options) (one, two *sandbox.Sandbox) {
	t.Helper()
	var wg sync.WaitGroup
	for _, s := range []**sandbox.Sandbox{&one, &two} {
		wg.Go(func() {
			started, err := sandbox.Start(t.Context(), opts())
			if err != nil {
				t.Error(err)
				return
			}
			*s = started
			t.Cleanup(func() { _ = started.Stop() })
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return one, two
}

// client is made from a kubeconfig file, as a user's would be.
func client(t *testing.T, kubeconfig string) *kubernetes.Clientset {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// testApart checks that the two are clusters of their own.
func testApart(t *testing.T, one, two *sandbox.Sandbox) {
	if one.Dir == two.Dir || one.Server == two.Server || one.ChartRepo == two.ChartRepo {
		t.Fatalf("two sandboxes share something: %+v %+v", one, two)
	}
	get := func(s *sandbox.Sandbox) string {
		ns, err := client(t, s.Kubeconfig).CoreV1().Namespaces().Get(t.Context(), "kube-system", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(ns.UID)
	}
	if get(one) == get(two) {
		t.Error("two sandboxes have one kube-system")
	}
}

func testVersion(t *testing.T, s *sandbox.Sandbox) {
	v, err := client(t, s.Kubeconfig).Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if v.GitVersion != sandbox.KubernetesVersion || v.Major != "1" {
		t.Errorf("server version is %+v, want %s", v, sandbox.KubernetesVersion)
	}
}

// testIssuer checks what the API server says of itself, and its tokens of it.
func testIssuer(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	raw, err := c.Discovery().RESTClient().Get().AbsPath("/.well-known/openid-configuration").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := issuer(t, raw, "issuer"); got != sandbox.DefaultIssuer {
		t.Errorf("issuer is %q, want %q", got, sandbox.DefaultIssuer)
	}
	req := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"sts.amazonaws.com"}}}
	token, err := c.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "default", req, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Status.Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := issuer(t, claims, "iss"); got != sandbox.DefaultIssuer {
		t.Errorf("issuer of a token is %q, want %q", got, sandbox.DefaultIssuer)
	}
}

func issuer(t *testing.T, doc []byte, field string) any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(doc, &fields); err != nil {
		t.Fatal(err)
	}
	return fields[field]
}

// requests asks the chart repository what it has served.
func requests(t *testing.T, s *sandbox.Sandbox) []chartrepo.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ChartRepo+chartrepo.RequestsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var list []chartrepo.Request
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// newNamespace makes a namespace for one test.
func newNamespace(ctx context.Context, t *testing.T, c kubernetes.Interface) string {
	t.Helper()
	ns, err := c.CoreV1().Namespaces().Create(ctx, namespaceObject("test-"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ns.Name
}
