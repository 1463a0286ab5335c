package eso

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// image is in the name of every image of the operator, wherever it is pulled from.
const image = "external-secrets/external-secrets"

// kubeletPort is the webhook's default, which on the network of a node is the kubelet's.
const kubeletPort = "10250"

// Runs reports that a process is to run for a pod: that it is one of the operator's, and not stopped on purpose.
func Runs(pod *corev1.Pod) bool {
	c := container(pod)
	return c != nil && (len(c.Args) == 0 || c.Args[0] != "certcontroller") && !annotated(pod, StoppedAnnotation)
}

// container is the operator's container of a pod, or nil.
func container(pod *corev1.Pod) *corev1.Container {
	i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		name, _, _ := strings.Cut(c.Image, "@")
		tag := strings.LastIndex(name, ":")
		return strings.HasSuffix(name, image) || tag >= 0 && strings.HasSuffix(name[:tag], image)
	})
	if i < 0 {
		return nil
	}
	return &pod.Spec.Containers[i]
}

func annotated(pod *corev1.Pod, annotation string) bool { return pod.Annotations[annotation] == "true" }

// isWebhook tells the webhook's pod from that of the controllers.
func isWebhook(pod *corev1.Pod) bool {
	c := container(pod)
	return c != nil && len(c.Args) > 0 && c.Args[0] == "webhook"
}

// option is the value of a flag in the container's arguments.
func option(pod *corev1.Pod, name string) string {
	for _, arg := range container(pod).Args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
	}
	return ""
}

// unreachable reports that the control plane cannot reach a pod, by the annotation and without its cure.
func unreachable(pod *corev1.Pod) bool {
	cured := pod.Spec.HostNetwork && option(pod, "port") != kubeletPort
	return annotated(pod, UnreachableAnnotation) && !cured
}

// passed are the chart's flags that matter here. Others are those of addresses and logs, or of other versions.
func passed() []string {
	return []string{
		"namespace", "controller-class", "enable-leader-election", "enable-cluster-store-reconciler",
		"enable-cluster-external-secret-reconciler", "enable-cluster-push-secret-reconciler", "enable-push-secret-reconciler",
		"enable-flood-gate", "store-requeue-interval",
	}
}

// controllerArgs are the arguments of the controllers' process. Stores are looked at every few seconds, where by default
// it is every five minutes, since tests break and mend them.
func controllerArgs(pod *corev1.Pod) []string {
	args := []string{"--store-requeue-interval=2s"}
	for _, name := range passed() {
		if value := option(pod, name); value != "" {
			args = append(args, "--"+name+"="+value)
		}
	}
	return append(args, "--concurrent=4", "--client-qps=1000", "--client-burst=1000", "--metrics-addr=0", "--loglevel=info")
}

// awaited are the controllers that have to work before their pod is ready.
func awaited(pod *corev1.Pod) []string {
	if option(pod, "enable-leader-election") == "true" {
		return nil // those of one pod only work, and all are ready
	}
	names := []string{"secretstore", "externalsecret"}
	if option(pod, "enable-push-secret-reconciler") != "false" {
		names = append(names, "pushsecret")
	}
	return names
}
