package helminstall

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

// TestNewestWarningIsTheReason: a pod that is being made says nothing itself.
func TestNewestWarningIsTheReason(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"app": "eso"}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "eso", Name: "eso"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "eso", Name: "eso-1", UID: "u1", Labels: labels}, Status: corev1.PodStatus{
		ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}},
	}}
	said := func(name, kind, about string, uid types.UID, minute int, reason, message string) *corev1.Event {
		return &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "eso", Name: name}, Type: corev1.EventTypeWarning, Reason: reason, Message: message,
			InvolvedObject: corev1.ObjectReference{Kind: kind, Name: about, UID: uid}, LastTimestamp: metav1.NewTime(at().Add(time.Duration(minute) * time.Minute)),
		}
	}
	old := said("a", "Pod", "eso-1", "u1", 1, "FailedMount", "secret webhook not found")
	newest := said("b", "Pod", "eso-1", "u1", 2, "FailedCreatePodSandBox", "no IP addresses available\x1b[2J")
	other := said("c", "Pod", "eso-0", "u0", 3, "Failed", "of another pod")
	quota := said("d", "ReplicaSet", "eso-5d4", "r1", 4, "FailedCreate", "exceeded quota")
	for want, client := range map[string]*fake.Clientset{
		`FailedCreatePodSandBox: no IP addresses available\x1b[2J`: fake.NewClientset(pod, old, newest, other, quota),
		"FailedCreate: exceeded quota":                             fake.NewClientset(old, newest, quota),
		"":                                                         fake.NewClientset(pod, other),
	} {
		if got := (&Step{Client: client}).podTrouble(t.Context(), d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
