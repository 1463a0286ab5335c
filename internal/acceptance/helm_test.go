package acceptance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// TestUpInstallsTheRealChart is the whole job in a cluster of its own, since the chart's CRDs and webhooks are the cluster's.
func TestUpInstallsTheRealChart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownSandbox(t))
	w.settings.SkipHelm = false
	w.settings.Timing.Request = 20 * time.Second
	result := w.mustUp(t)
	w.liveKey(t)
	if r := result.Outputs.Release; r == nil || r.ChartVersion != "0.16.2" || r.Revision != 1 {
		t.Errorf("release %+v, want chart 0.16.2 at revision 1", r)
	}
	w.mustHaveOperator(t)
	w.mustKeepCRDs(t)
	if fetched := w.downloads(t); !slices.Contains(fetched, "/external-secrets-0.16.2.tgz") {
		t.Errorf("the chart did not come from the repository: %v", fetched)
	}

	before := len(w.downloads(t))
	w.mustBeConverged(t)
	if after := w.downloads(t); len(after) != before {
		t.Errorf("up of a converged cluster downloaded %v", after[before:])
	}
	again := w.mustUp(t)
	if again.Outputs.Release.Revision != 1 {
		t.Errorf("up of a converged cluster left revision %d", again.Outputs.Release.Revision)
	}
}

// mustHaveOperator says that up waited until every Deployment of the chart is available.
func (w *world) mustHaveOperator(t *testing.T) {
	t.Helper()
	list, err := w.kube.AppsV1().Deployments(w.settings.Helm.Namespace).List(t.Context(), metav1.ListOptions{})
	check(t, "list Deployments", err)
	if len(list.Items) == 0 {
		t.Fatal("no Deployment was installed")
	}
	for _, d := range list.Items {
		if d.Status.AvailableReplicas < 1 {
			t.Errorf("up returned while Deployment %s has no available pod", d.Name)
		}
	}
}

func (w *world) mustKeepCRDs(t *testing.T) {
	t.Helper()
	crd, err := w.crds(t).Get(t.Context(), "externalsecrets.external-secrets.io", metav1.GetOptions{})
	check(t, "get CRD", err)
	if crd.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
		t.Error("the CRDs would be deleted with the release: no annotation helm.sh/resource-policy=keep")
	}
}

func (w *world) crds(t *testing.T) dynamic.ResourceInterface {
	t.Helper()
	client, err := dynamic.NewForConfig(loadConfig(t, w.sandbox.Kubeconfig))
	check(t, "connect", err)
	return client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
}

// forgetCRDs takes away what an earlier case left, as a kept CRD belongs to the release that made it. Their finalizer is
// the API server's own, which at times waits for minutes when many CRDs change; they have no objects here.
func (w *world) forgetCRDs(t *testing.T) {
	t.Helper()
	api := w.crds(t)
	poll(t, "CRDs to go", func() bool {
		list, err := api.List(t.Context(), metav1.ListOptions{})
		check(t, "list CRDs", err)
		for _, crd := range list.Items {
			if crd.GetDeletionTimestamp() == nil {
				_ = api.Delete(t.Context(), crd.GetName(), metav1.DeleteOptions{})
			}
			_, _ = api.Patch(t.Context(), crd.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		}
		return len(list.Items) == 0
	})
}

// downloads is what the chart repository was asked for so far.
func (w *world) downloads(t *testing.T) []string {
	t.Helper()
	response, err := http.Get(w.sandbox.ChartRepo + "/_requests")
	check(t, "ask chart repository", err)
	defer func() { _ = response.Body.Close() }()
	var requests []struct{ Path string }
	check(t, "parse chart repository's answer", json.NewDecoder(response.Body).Decode(&requests))
	out := make([]string, 0, len(requests))
	for _, r := range requests {
		out = append(out, r.Path)
	}
	return out
}

// TestNothingIsWrittenWhereTheDigestDiffers is a repository whose index and archive contradict each other.
func TestNothingIsWrittenWhereTheDigestDiffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.SkipHelm = false
	repo := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		response, err := http.Get(w.sandbox.ChartRepo + r.URL.Path)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		if r.URL.Path == "/index.yaml" {
			body = regexp.MustCompile(`digest: [0-9a-f]{8}`).ReplaceAll(body, []byte("digest: 00000000"))
		}
		_, _ = rw.Write(body)
	}))
	t.Cleanup(repo.Close)
	w.settings.Helm.Repo = repo.URL
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "digest") {
		t.Errorf("error %v, and nothing about a digest:\n%s", err, problems(result))
	}
	if len(w.aws.Writes()) > 0 || len(w.proxy.Writes()) > 0 {
		t.Errorf("it wrote: %v %v", w.aws.Writes(), w.proxy.Writes())
	}
}

// TestHelmMayGoWrong fails, loses and kills at calls of the release: at each one with a chart of a few objects in the
// full matrix, else at one for each verb and kind.
func TestHelmMayGoWrong(t *testing.T) {
	t.Parallel()
	sb := ownSandbox(t)
	calls := recordHelm(t, sb)
	seen := map[string]bool{}
	for i, c := range calls {
		kind := c.Verb + " " + c.Resource
		if !fullMatrix() && seen[kind] {
			continue
		}
		seen[kind] = true
		for _, way := range chosen(kubeWays(), i) {
			// One after the other: the chart's CRD is the cluster's.
			t.Run(c.Name()+" "+way.name, func(t *testing.T) {
				w := helmWorld(t, sb)
				_ = w.goWrongAtKube(t, "up", inRelease(w, c), way)
				result, err := w.up(t.Context())
				if err != nil {
					t.Fatalf("the up afterwards: %v\n%s\nlog:\n%s", err, problems(result), tail(w.output.String()))
				}
				w.mustBeConverged(t)
			})
		}
	}
}

// TestReleaseRemovalMayGoWrong is the same for teardown: what is left is finished by running it again, without a trace. A
// namespace of which it cannot see everything is left, which is no failure.
func TestReleaseRemovalMayGoWrong(t *testing.T) {
	t.Parallel()
	sb := ownSandbox(t)
	calls := recordRemoval(t, sb)
	seen := map[string]bool{}
	for i, c := range calls {
		kind := c.Verb + " " + c.Resource
		looks := c.Verb == "list" && c.Resource != "secrets" // for what else may be in the namespace
		if !fullMatrix() && (seen[kind] || looks) {
			continue
		}
		seen[kind] = true
		for _, way := range chosen(kubeWays(), i) {
			t.Run(c.Name()+" "+way.name, func(t *testing.T) {
				w := helmWorld(t, sb)
				w.mustUp(t)
				w.forgetCalls()
				err := w.goWrongAtKube(t, "teardown", inRelease(w, c), way)
				unknown := strings.Contains(w.output.String(), inventory.ErrUnknown.Error()) // then the namespace is kept, and that is said
				if err == nil && (!unknown || way.kube != kubeproxy.Forbidden) {
					w.mustHaveNoRelease(t)
				}
				w.mustTeardown(t)
				w.mustHaveNoRelease(t)
			})
		}
	}
}

func helmWorld(t *testing.T, sb *sandbox) *world {
	t.Helper()
	w := newWorld(t, sb)
	w.forgetCRDs(t)
	w.settings.SkipHelm = false
	w.settings.UseGlobalUser = true
	w.settings.Helm.Chart, w.settings.Helm.Version = "few-objects", "0.1.0"
	w.settings.Helm.Release, w.settings.Helm.Namespace = "few", w.namespace+"-release"
	w.settings.Timeout = 40 * time.Second // which a call of Helm's that is never answered takes
	return w
}

// recordHelm learns the calls of the release alone.
func recordHelm(t *testing.T, sb *sandbox) []kubeproxy.Call {
	t.Helper()
	w := helmWorld(t, sb)
	w.mustUp(t)
	return w.releaseCalls()
}

// recordRemoval learns those of teardown.
func recordRemoval(t *testing.T, sb *sandbox) []kubeproxy.Call {
	t.Helper()
	w := helmWorld(t, sb)
	w.mustUp(t)
	w.forgetCalls()
	w.mustTeardown(t)
	w.mustHaveNoRelease(t)
	return w.releaseCalls()
}

func (w *world) releaseCalls() []kubeproxy.Call {
	calls := slices.DeleteFunc(w.proxy.Calls(), func(c kubeproxy.Call) bool {
		return c.Verb == "watch" || c.Verb == "raw" || !strings.Contains(c.Object, w.settings.Helm.Namespace)
	})
	for i := range calls {
		calls[i].Object = strings.ReplaceAll(calls[i].Object, w.settings.Helm.Namespace, "RELEASE")
	}
	return calls
}

func inRelease(w *world, c kubeproxy.Call) kubeproxy.Call {
	c.Object = strings.ReplaceAll(c.Object, "RELEASE", w.settings.Helm.Namespace)
	return c
}
