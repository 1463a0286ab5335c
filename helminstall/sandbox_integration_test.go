package helminstall

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// sandbox is a real API server with a chart repository.
type sandbox struct {
	*kubetest.Sandbox

	client *kubernetes.Clientset
}

func startSandbox(t *testing.T) *sandbox {
	t.Helper()
	sb := &sandbox{Sandbox: kubetest.Start(t)}
	var err error
	sb.client, err = kubernetes.NewForConfig(sb.config(t, nil))
	kubetest.Must(t, err)
	return sb
}

func (sb *sandbox) config(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) *rest.Config {
	t.Helper()
	cfg := sb.Config(t)
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
	kubetest.Must(t, err)
	return &Step{Config: cfg, Client: client, HTTP: http.DefaultClient, Now: time.Now, Settings: set}
}

// repoRequests is what the chart repository was asked since the last time.
func (sb *sandbox) repoRequests(t *testing.T) int {
	t.Helper()
	res, err := http.Get(sb.ChartRepo + "/_requests")
	kubetest.Must(t, err)
	defer func() { _ = res.Body.Close() }()
	var all []any
	kubetest.Must(t, json.NewDecoder(res.Body).Decode(&all))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, sb.ChartRepo+"/_requests", nil)
	kubetest.Must(t, err)
	del, err := http.DefaultClient.Do(req)
	kubetest.Must(t, err)
	kubetest.Must(t, del.Body.Close())
	return len(all)
}
