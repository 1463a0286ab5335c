package sandbox

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/eso"
)

// newPods stands in for scheduler and kubelet: it writes each pod's status.
// Pods have no node, so the API server deletes them without a grace period.
func newPods(_ context.Context, c *clients) (runner, error) {
	pods := c.informers.Core().V1().Pods()
	l, err := newLoop("pods", pods.Informer(), func(ctx context.Context, key string) error {
		namespace, name, err := cache.SplitMetaNamespaceKey(key)
		if err != nil {
			return err
		}
		pod, err := pods.Lister().Pods(namespace).Get(name)
		if err != nil { // a lister only fails with NotFound
			c.operator.Forget(key)
			return nil
		}
		if pod.DeletionTimestamp != nil {
			return nil
		}
		pod = pod.DeepCopy()
		if !setStatus(pod, c.operator) {
			return nil
		}
		_, err = c.kube.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // the change that came between is an event of its own
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pods: %w", err)
	}
	if c.operator != nil {
		c.operator.Join(eso.Cluster{
			WriteKubeconfig: c.writeAccountKubeconfig, ServesKinds: c.servesOperatorKinds, Services: c.informers.Core().V1().Services().Lister(), Changed: l.queue.Add,
		})
	}
	return withWorkers(l), nil
}

// setStatus gives a pod the status that it is to have, and reports whether that
// is another one. The operator's pods follow their processes.
func setStatus(pod *corev1.Pod, operator *eso.Fleet) bool {
	if operator == nil || !eso.Runs(pod) || stuckReason(pod) != "" {
		if settled(pod) {
			return false
		}
		pod.Status = podStatus(pod, metav1.Now())
		return true
	}
	before := *pod.Status.DeepCopy()
	if before.Phase != corev1.PodRunning {
		pod.Status = podStatus(pod, metav1.Now())
	}
	followProcess(&pod.Status, operator.Sync(pod), metav1.Now())
	return !apiequality.Semantic.DeepEqual(before, pod.Status)
}

// settled reports that a pod has the status that it will keep.
func settled(pod *corev1.Pod) bool {
	if stuckReason(pod) != "" {
		return len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].State.Waiting != nil
	}
	phase := pod.Status.Phase
	return phase == corev1.PodRunning || phase == corev1.PodSucceeded || phase == corev1.PodFailed
}
