package acceptance

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// rotateMeanwhile rotates, and does something right after a change was made, for which the run waits.
func (w *world) rotateMeanwhile(t *testing.T, after func(plan.Change) bool, meanwhile func()) (bootstrap.Result, error) {
	t.Helper()
	settings, env, done := w.settings, w.env(), false
	settings.PolicyName, settings.UserName, settings.IAMPath, settings.GlobalUserSecret, settings.ServiceAccount = "", "", "", "", ""
	told := env.Sink
	env.Sink = event.SinkFunc(func(e event.Event) {
		told.Emit(e)
		if e.Type == event.Changed && !done && after(*e.Change) {
			done = true
			meanwhile()
		}
	})
	result, err := bootstrap.Rotate(t.Context(), settings, bootstrap.Rotation{}, env)
	if !done {
		t.Errorf("nothing was done meanwhile:\n%s%s", changes(result), problems(result))
	}
	return result, err
}

// TestRotateEndsNoKeyThatWasPutBack, as GitOps or a backup does with a Secret while a rotation is under way.
func TestRotateEndsNoKeyThatWasPutBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	old := w.secret(t, bootstrap.ChartSecretName).Data
	swapped := func(c plan.Change) bool {
		return c.Resource == plan.In(plan.Secret, w.namespace, bootstrap.ChartSecretName)
	}
	result, err := w.rotateMeanwhile(t, swapped, func() {
		now := w.secret(t, bootstrap.ChartSecretName)
		now.Data = old
		_, err := w.kube.CoreV1().Secrets(w.namespace).Update(t.Context(), now, metav1.UpdateOptions{})
		check(t, "put the old key back", err)
	})
	if err == nil || !hasProblem(result, "was changed while this run was at work") {
		t.Errorf("rotate: %v\n%s", err, problems(result))
	}
	w.mustHoldWorkingKeys(t)
	w.mustUp(t)
	check(t, "see the end", hasRotated(t, w, nil))
}

// TestRotateWaitsForAPodThatStartedBeforeTheWrite: the rotation was announced by then, and the Secret still had the old key.
func TestRotateWaitsForAPodThatStartedBeforeTheWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	old, begun := w.liveKey(t), time.Now()
	minted := func(c plan.Change) bool { return c.Resource.Kind == plan.AccessKey && c.Action == plan.Create }
	result, err := w.rotateMeanwhile(t, minted, func() {
		poll(t, "the clocks to tell the pod from older ones", func() bool { return time.Since(begun) > 5*time.Second })
		w.runReader(t, "early")
		poll(t, "the pod to start", func() bool {
			pods, err := w.kube.CoreV1().Pods(w.namespace).List(t.Context(), metav1.ListOptions{})
			return err == nil && len(pods.Items) == 1 && pods.Items[0].Status.Phase == corev1.PodRunning
		})
	})
	if err != nil || !contains(w.keyIDs(), old) || !strings.Contains(strings.Join(bootstrap.Messages(result.Warnings), "\n"), "deployment/"+w.namespace+"/early") {
		t.Errorf("rotate: %v, keys %v, warnings %v\n%s", err, w.keyIDs(), result.Warnings, problems(result))
	}
	w.mustHoldWorkingKeys(t)
}

// TestRotateEndsAGraceThatIsNoLongerWanted.
func TestRotateEndsAGraceThatIsNoLongerWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Grace: new(time.Hour)}})
	w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Grace: new(time.Duration(0))}})
	check(t, "see the end", hasRotated(t, w, nil))
}

// TestRotateRestartsNothingThatIsPaused, and does not wait for it either: the old key is kept, and the command that resumes it is told.
func TestRotateRestartsNothingThatIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	w.runReader(t, "fence")
	old := w.liveKey(t)
	w.awaitOlderPods(t)
	_, err := w.kube.AppsV1().Deployments(w.namespace).Patch(t.Context(), "fence", types.MergePatchType, []byte(`{"spec":{"paused":true}}`), metav1.PatchOptions{})
	check(t, "pause Deployment", err)
	result := w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Restart: true}})
	if said := changes(result) + strings.Join(bootstrap.Messages(result.Warnings), "\n"); !contains(w.keyIDs(), old) || !strings.Contains(said, "rollout resume deployment/fence && kubectl") {
		t.Errorf("keys %v, said:\n%s", w.keyIDs(), said)
	}
}
