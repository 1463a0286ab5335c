package sandbox

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/controller/namespace/deletion"
)

// newNamespaces empties namespaces that are being deleted, by the code of the
// namespace controller. That controller itself waits five seconds first, for
// the sake of clusters with several API servers.
func newNamespaces(ctx context.Context, c *clients) (runner, error) {
	deleter := deletion.NewNamespacedResourcesDeleter(ctx, c.kube.CoreV1().Namespaces(), c.metadata, c.kube.CoreV1(),
		c.kube.Discovery().ServerPreferredNamespacedResources, corev1.FinalizerKubernetes)
	namespaces := c.informers.Core().V1().Namespaces()
	l, err := newLoop("namespaces", namespaces.Informer(), func(ctx context.Context, key string) error {
		ns, err := namespaces.Lister().Get(key)
		if err != nil || ns.DeletionTimestamp == nil {
			return nil // a lister only fails with NotFound
		}
		return deleter.Delete(ctx, key)
	})
	if err != nil {
		return nil, fmt.Errorf("namespace controller: %w", err)
	}
	return withWorkers(l), nil
}
