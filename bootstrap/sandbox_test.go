package bootstrap_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const (
	account = "123456789012"
	region  = "us-east-1"
)

// cluster is a real API server with controllers and a chart repository.
type cluster struct {
	*kubetest.Sandbox

	config  *rest.Config
	kube    kubernetes.Interface
	dynamic dynamic.Interface
	warned  atomic.Int64 // events that warning made
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{Sandbox: kubetest.Start(t)}
	c.config = c.Config(t)
	var err error
	c.kube, err = kubernetes.NewForConfig(c.config)
	kubetest.Must(t, err)
	c.dynamic, err = dynamic.NewForConfig(c.config)
	kubetest.Must(t, err)
	return c
}

// stage is one namespace of a cluster and one account.
type stage struct {
	*cluster

	aws      *awsfake.Server
	settings bootstrap.Settings
}

// withoutWebhook are values for a cluster in which no operator runs, so that nobody would serve it.
func withoutWebhook() []string { return []string{"webhook.create=false"} }

// newStage sets durations short, so that a test takes seconds.
func (c *cluster) newStage(t *testing.T, aws *awsfake.Server, namespace string) *stage {
	t.Helper()
	return &stage{cluster: c, aws: aws, settings: bootstrap.Settings{
		Account: account, Region: region, Kubeconfig: c.Kubeconfig, Namespace: namespace, CreateNamespace: true,
		Timeout: time.Minute, LockTimeout: 10 * time.Second,
		Helm: helminstall.Settings{Chart: chartsource.DefaultChart, Repo: c.ChartRepo, Set: withoutWebhook()},
		Timing: bootstrap.Timing{
			MintDeadline: 2 * time.Second, Settle: time.Second, Poll: 20 * time.Millisecond, Request: 5 * time.Second,
		},
	}}
}

func (s *stage) env() bootstrap.Env {
	return bootstrap.Env{
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Sink:           event.Discard,
		AWSEndpoint:    s.aws.URL(),
		AWSCredentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	}
}

// up runs with the defaults in the place of the names that teardown and status take from the record.
func (s *stage) up(t *testing.T) bootstrap.Result {
	t.Helper()
	result, err := bootstrap.Up(t.Context(), s.settings.Named(), s.env())
	if err != nil {
		t.Fatalf("up: %v\n%s", err, show(result))
	}
	return result
}

// forget is a later command line, on which nothing is named.
func (s *stage) forget() {
	helm := helminstall.Settings{Chart: s.settings.Helm.Chart, Repo: s.settings.Helm.Repo}
	in := s.settings
	s.settings = bootstrap.Settings{
		Account: in.Account, Region: in.Region, Kubeconfig: in.Kubeconfig, Namespace: in.Namespace,
		Timeout: in.Timeout, LockTimeout: in.LockTimeout, Timing: in.Timing, Helm: helm, SkipHelm: in.SkipHelm,
	}
}

func (s *stage) teardown(t *testing.T, o teardown.Options) (bootstrap.Result, error) {
	t.Helper()
	in := s.settings
	in.Yes = true
	return teardown.Run(t.Context(), in, o, s.env())
}

func (s *stage) mustTeardown(t *testing.T, o teardown.Options) bootstrap.Result {
	t.Helper()
	result, err := s.teardown(t, o)
	if err != nil {
		t.Fatalf("teardown: %v\n%s", err, show(result))
	}
	return result
}

// mustBeGone says that a further teardown finds nothing and writes nothing.
func (s *stage) mustBeGone(t *testing.T) {
	t.Helper()
	s.aws.ResetCalls()
	result := s.mustTeardown(t, teardown.Options{})
	if writes := s.aws.Writes(); result.Changed || len(writes) > 0 {
		t.Errorf("a second teardown changed something: %v\n%s", writes, show(result))
	}
}

// photo is everything that there is: what the account has, and each object of the cluster with its uid.
func (s *stage) photo(t *testing.T) map[string]string {
	t.Helper()
	out := s.aws.Snapshot()
	maps.Copy(out, s.objects(t))
	return out
}

// objects leaves out what the control plane writes for itself, and the CRDs, which teardown keeps.
func (c *cluster) objects(t *testing.T) map[string]string {
	t.Helper()
	lists, err := c.kube.Discovery().ServerPreferredResources()
	kubetest.Must(t, err)
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists)
	gvrs, err := discovery.GroupVersionResources(lists)
	kubetest.Must(t, err)
	out := map[string]string{}
	for gvr := range gvrs {
		if slices.Contains([]string{"events", "apiservices", "customresourcedefinitions", "endpoints"}, gvr.Resource) {
			continue
		}
		list, err := c.dynamic.Resource(gvr).List(t.Context(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		kubetest.Must(t, err)
		for _, item := range list.Items {
			if item.GetNamespace() == metav1.NamespaceSystem {
				continue
			}
			out[fmt.Sprintf("%s/%s/%s", gvr.GroupResource(), item.GetNamespace(), item.GetName())] = string(item.GetUID())
		}
	}
	return out
}

// same compares two photos.
func same(t *testing.T, what string, before, after map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if now, ok := after[key]; !ok {
			t.Errorf("%s: %s is gone", what, key)
		} else if now != before[key] {
			t.Errorf("%s: %s was %q and is %q", what, key, before[key], now)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[key]; !ok {
			t.Errorf("%s: %s is left", what, key)
		}
	}
}

func (c *cluster) namespace(t *testing.T, name string) {
	t.Helper()
	_, err := c.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

// eventually waits for what a controller does.
func eventually(t *testing.T, what string, done func(context.Context) bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func show(r bootstrap.Result) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "  %s %s %s: %s\n", c.Step, c.Action, c.Resource, c.Reason)
	}
	for _, w := range bootstrap.Messages(r.Warnings) {
		fmt.Fprintf(&b, "  warning: %s\n", w)
	}
	for _, p := range r.Errors {
		fmt.Fprintf(&b, "  error: %s: %s (hint: %s)\n", p.Step, p.Message, p.Hint)
	}
	return b.String()
}
