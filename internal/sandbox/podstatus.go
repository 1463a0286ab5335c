package sandbox

import (
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StuckAnnotation keeps a pod from becoming ready: its containers wait, with
// the annotation's value as the reason (such as ImagePullBackOff).
const StuckAnnotation = "sandbox.gen3-bootstrap/stuck"

// stuckReason is empty for a pod that is to become ready.
func stuckReason(pod *corev1.Pod) string { return pod.Annotations[StuckAnnotation] }

// podStatus is what a kubelet would report of a pod: waiting if it is stuck,
// completed if it belongs to a Job, else running.
func podStatus(pod *corev1.Pod, now metav1.Time) corev1.PodStatus {
	status := corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now, HostIP: "192.0.2.1", QOSClass: pod.Status.QOSClass}
	ready := corev1.ConditionTrue
	switch {
	case stuckReason(pod) != "":
		status.Phase, ready = corev1.PodPending, corev1.ConditionFalse
	case ownedByJob(pod):
		status.Phase, ready = corev1.PodSucceeded, corev1.ConditionFalse
	default:
		status.PodIP = podIP(pod)
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	}
	status.Conditions = podConditions(ready, now)
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(pod, c, now))
	}
	return status
}

func podConditions(ready corev1.ConditionStatus, now metav1.Time) []corev1.PodCondition {
	return []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.ContainersReady, Status: ready, LastTransitionTime: now},
		{Type: corev1.PodReady, Status: ready, LastTransitionTime: now},
	}
}

func containerStatus(pod *corev1.Pod, c corev1.Container, now metav1.Time) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: c.Name, Image: c.Image}
	switch reason := stuckReason(pod); {
	case reason != "":
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: stuckMessage(reason, c.Image)}
	case ownedByJob(pod):
		s.State.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}
	default:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: now}
		s.Ready, s.Started = true, new(true)
	}
	return s
}

func stuckMessage(reason, image string) string {
	if reason == "ImagePullBackOff" || reason == "ErrImagePull" {
		return fmt.Sprintf("Back-off pulling image %q", image)
	}
	return "container is kept waiting by the sandbox: " + reason
}

// podIP is stable for a pod and spread over the pod network.
func podIP(pod *corev1.Pod) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(pod.UID)) // never fails
	sum := h.Sum32()
	return fmt.Sprintf("10.%d.%d.%d", 128+sum>>24&0x3f, sum>>8&0xff, 1+sum&0x7f)
}

func ownedByJob(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "Job"
}
