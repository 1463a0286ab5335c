package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

func wantedReplicas(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

// unavailable says how a Deployment is not rolled out and available, or "". One that wants no replicas has all that it
// wants, so that nobody waits for it: see stopped.
func unavailable(d *appsv1.Deployment) string {
	want, st := wantedReplicas(d), d.Status
	switch {
	case st.ObservedGeneration < d.Generation:
		return "not seen by the Deployment controller yet"
	case st.UpdatedReplicas < want:
		return fmt.Sprintf("%d/%d updated", st.UpdatedReplicas, want)
	case st.AvailableReplicas < want:
		return fmt.Sprintf("%d/%d available", st.AvailableReplicas, want)
	}
	return ""
}

// podTrouble asks the pods of a Deployment why they are not ready; "" if nothing tells.
func (s *Step) podTrouble(ctx context.Context, d *appsv1.Deployment) string {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return ""
	}
	pods, err := s.Client.CoreV1().Pods(d.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return "its pods may not be listed"
	}
	for i := range pods.Items {
		if why := troubleOf(&pods.Items[i]); why != "" {
			return why
		}
	}
	for _, c := range d.Status.Conditions {
		failed := c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue
		stuck := c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse
		if failed || stuck {
			return reasoned(c.Reason, c.Message)
		}
	}
	return ""
}

// troubleOf finds the reason that a person would look for: a container that cannot start, or a pod without a node.
func troubleOf(pod *corev1.Pod) string {
	for _, c := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		if c.Ready {
			continue
		}
		if w := c.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			if t := c.LastTerminationState.Terminated; t != nil && w.Reason == "CrashLoopBackOff" {
				return fmt.Sprintf("CrashLoopBackOff: exit code %d %s", t.ExitCode, words.Brief(cmp.Or(t.Message, t.Reason)))
			}
			return reasoned(w.Reason, w.Message)
		}
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("exit code %d: %s", t.ExitCode, words.Brief(cmp.Or(t.Message, t.Reason)))
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return reasoned(c.Reason, c.Message)
		}
	}
	if pod.Status.Reason != "" {
		return reasoned(pod.Status.Reason, pod.Status.Message)
	}
	return ""
}

func reasoned(reason, message string) string {
	return strings.TrimSuffix(reason+": "+words.Brief(message), ": ")
}
