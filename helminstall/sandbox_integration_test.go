package helminstall

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
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
		Release: "external-secrets", Namespace: "external-secrets", Chart: chartsource.DefaultChart, Repo: sb.ChartRepo,
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
	res, err := http.Get(sb.ChartRepo + "/_requests")
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	var all []any
	must(t, json.NewDecoder(res.Body).Decode(&all))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, sb.ChartRepo+"/_requests", nil)
	must(t, err)
	del, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, del.Body.Close())
	return len(all)
}
