package helminstall

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const stuck = `podAnnotations.sandbox\.gen3-bootstrap/stuck=ImagePullBackOff`

func TestSandboxWaitReasons(t *testing.T) {
	sb := startSandbox(t)
	s := sb.step(t, &recorder{}, func(s *Settings) { small(s); s.Timeout, s.Set = 8*time.Second, []string{stuck} })
	_, got, err := up(t, s)
	if err == nil || !strings.Contains(err.Error(), "external-secrets 0/1 available: ImagePullBackOff") ||
		!strings.Contains(hint.Of(err), "kubectl -n external-secrets describe deployment/") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if !strings.Contains(strings.Join(got.waits(), "\n"), "ImagePullBackOff") {
		t.Errorf("waiting events %q", got.waits())
	}
	ctx, cancel := context.WithCancel(t.Context())
	s = sb.step(t, &recorder{}, small)
	changes, err := s.Observe(ctx) // installed up to date, but it does not run
	kubetest.Must(t, err)
	if plan.Pending(changes) {
		t.Errorf("%v", changes)
	}
	start := time.Now()
	err = s.Apply(ctx, &collector{on: func(event.Event) { cancel() }})
	if err == nil || time.Since(start) > 5*time.Second || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("cancelled wait: %v after %s", err, time.Since(start))
	}
	s = sb.step(t, &recorder{}, func(s *Settings) { small(s); s.NoWait = true })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
}

func TestSandboxMissing(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", small)
	s := sb.step(t, &recorder{}, small)
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	deployments := stored.Deployments(s.seen.Release.Manifest, s.Namespace)
	kubetest.Must(t, sb.client.AppsV1().Deployments("external-secrets").Delete(t.Context(), deployments[0].Name, metav1.DeleteOptions{}))
	converges(t, sb, plan.Update, "missing in the cluster: deployment/"+deployments[0].String(), small)
}

// scale sets the replicas of all Deployments by hand, and returns when the controller has seen it.
func scale(t *testing.T, sb *sandbox, replicas int32) {
	t.Helper()
	api := sb.client.AppsV1().Deployments("external-secrets")
	list, err := api.List(t.Context(), metav1.ListOptions{})
	kubetest.Must(t, err)
	for i := range list.Items {
		patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas)
		_, err := api.Patch(t.Context(), list.Items[i].Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
	kubetest.Must(t, wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := api.List(ctx, metav1.ListOptions{})
		for i := range list.Items {
			if d := &list.Items[i]; unavailable(d) != "" || d.Status.Replicas != replicas {
				return false, nil
			}
		}
		return true, err
	}))
}

// TestSandboxStopped: what a person scaled to nothing is neither called available nor waited for, and stays so until
// something has to be written anyway.
func TestSandboxStopped(t *testing.T) {
	sb := startSandbox(t)
	converges(t, sb, plan.Create, "", small)
	scale(t, sb, 0)
	converges(t, sb, plan.None, "up to date", small)
	s := sb.step(t, &recorder{}, small)
	_, _, err := up(t, s)
	kubetest.Must(t, err)
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "kubectl -n external-secrets scale deployment external-secrets ") {
		t.Errorf("warnings %q", w)
	}
	s = sb.step(t, &recorder{}, func(s *Settings) { small(s); s.Set = []string{"podLabels.a=b"} })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	if w := s.Warnings(); len(w) > 0 {
		t.Errorf("after an upgrade, which sets what the chart says: %q", w)
	}
}
