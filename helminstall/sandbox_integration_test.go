package helminstall

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// sandbox is a real API server with a chart repository.
type sandbox struct {
	Kubeconfig string `json:"kubeconfig"`
	ChartRepo  string `json:"chartRepo"`
	client     *kubernetes.Clientset
}

// startSandbox runs the binary that GEN3_TEST_SANDBOX names for as long as the test runs.
func startSandbox(t *testing.T) *sandbox {
	t.Helper()
	binary := os.Getenv("GEN3_TEST_SANDBOX")
	if binary == "" {
		if os.Getenv("GEN3_TEST_REQUIRE") == "1" {
			t.Fatal("GEN3_TEST_SANDBOX does not name the sandbox binary")
		}
		t.Skip("needs a real API server: GEN3_TEST_SANDBOX does not name the sandbox binary")
	}
	cmd := exec.CommandContext(t.Context(), binary, "start", "-aws=false", "-until-stdin-closes", "-dir", t.TempDir())
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	must(t, err)
	sb := &sandbox{}
	must(t, json.Unmarshal(line, sb))
	sb.client, err = kubernetes.NewForConfig(sb.config(t, nil))
	must(t, err)
	return sb
}

func (sb *sandbox) config(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) *rest.Config {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", sb.Kubeconfig)
	must(t, err)
	cfg.QPS, cfg.Burst, cfg.WarningHandler = -1, 0, rest.NoWarnings{}
	if wrap != nil {
		cfg.Wrap(wrap)
	}
	return cfg
}

// step is a new run's step, over a connection that records every request.
func (sb *sandbox) step(t *testing.T, calls *recorder, change func(*Settings)) *Step {
	t.Helper()
	set := Settings{
		Release: "external-secrets", Namespace: "external-secrets", Chart: DefaultChart, Repo: sb.ChartRepo,
		Timeout: time.Minute,
	}
	if change != nil {
		change(&set)
	}
	cfg := sb.config(t, calls.wrap)
	client, err := kubernetes.NewForConfig(cfg)
	must(t, err)
	return &Step{Config: cfg, Client: client, HTTP: http.DefaultClient, Now: time.Now, Settings: set}
}

// repoRequests is what the chart repository was asked since the last time.
func (sb *sandbox) repoRequests(t *testing.T) int {
	t.Helper()
	res, err := http.Get(sb.ChartRepo + "/_requests") //nolint:noctx // a test's own server
	must(t, err)
	defer res.Body.Close()
	var all []any
	must(t, json.NewDecoder(res.Body).Decode(&all))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, sb.ChartRepo+"/_requests", nil)
	must(t, err)
	del, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, del.Body.Close())
	return len(all)
}

// clean removes the release and everything of External Secrets, without the code under test.
func (sb *sandbox) clean(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	rc := sb.client.Discovery().RESTClient()
	for _, kind := range []string{"admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
		"rbac.authorization.k8s.io/v1/clusterroles", "rbac.authorization.k8s.io/v1/clusterrolebindings",
		"apiextensions.k8s.io/v1/customresourcedefinitions"} {
		body, err := rc.Get().AbsPath("/apis/" + kind).DoRaw(ctx)
		must(t, err)
		var list metav1.PartialObjectMetadataList
		must(t, json.Unmarshal(body, &list))
		for _, item := range list.Items {
			if strings.Contains(item.Name, "external") || strings.Contains(item.Name, "secretstore") || item.Annotations[releaseAnnotation] != "" {
				_ = rc.Delete().AbsPath("/apis/" + kind + "/" + item.Name).Do(ctx).Error()
			}
		}
	}
	for _, ns := range []string{"external-secrets", "elsewhere"} {
		_ = sb.client.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{})
		must(t, wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
			_, err := sb.client.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{})
			return err != nil, nil
		}))
	}
	sb.repoRequests(t)
}

// recorder notes the requests of a run, each delayed so that what is parallel overlaps.
type recorder struct {
	mu    sync.Mutex
	delay time.Duration
	calls []call
	fail  func(*http.Request) error
}

type call struct {
	method, path string
	start, end   time.Time
}

func (r *recorder) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		c := call{method: req.Method, path: req.URL.Path, start: time.Now()}
		if r.delay > 0 {
			select {
			case <-time.After(r.delay):
			case <-req.Context().Done():
			}
		}
		if r.fail != nil {
			if err := r.fail(req); err != nil {
				return nil, err
			}
		}
		res, err := next.RoundTrip(req)
		c.end = time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, c)
		return res, err
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// writes counts the requests that persist something.
func (r *recorder) writes() (n int) {
	for _, c := range r.calls {
		if c.method != http.MethodGet {
			n++
		}
	}
	return n
}

// rounds is the longest chain of requests that did not overlap: the sequential round trips.
func (r *recorder) rounds() (n int) {
	var free time.Time
	for {
		best := -1
		for i, c := range r.calls {
			if !c.start.Before(free) && (best < 0 || c.end.Before(r.calls[best].end)) {
				best = i
			}
		}
		if best < 0 {
			return n
		}
		n, free = n+1, r.calls[best].end
	}
}

// up is a whole run of the step: what the engine does with it.
func up(t *testing.T, s *Step) ([]plan.Change, []event.Event, error) {
	t.Helper()
	changes, err := s.Observe(t.Context())
	if err != nil {
		return nil, nil, err
	}
	var mu sync.Mutex
	var events []event.Event
	err = s.Apply(t.Context(), event.SinkFunc(func(e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}))
	return changes, events, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

