package sdk

import (
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// Wave says in which of a few rounds an object is written. Helm goes kind by kind, one round trip each; what matters
// is only that namespaces come first, that a binding finds its role (the API server looks), that a pod finds its
// account and settings, and that webhooks and foreign kinds come last.
func Wave(kind string) int {
	switch kind {
	case "Namespace", "PriorityClass", "ResourceQuota", "LimitRange":
		return 0
	case "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "ConfigMap", "StorageClass",
		"PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "Role", "Service":
		return 1
	case "ClusterRoleBinding", "RoleBinding":
		return 2
	case "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler",
		"StatefulSet", "Job", "CronJob", "IngressClass", "Ingress":
		return 3
	}
	return 4
}

// inWaves calls do for each object, those of a wave at once, and stops after the first wave in which one fails.
func inWaves(list kube.ResourceList, do func(*resource.Info) error) error {
	waves := map[int]kube.ResourceList{}
	for _, info := range list {
		n := Wave(info.Object.GetObjectKind().GroupVersionKind().Kind)
		waves[n] = append(waves[n], info)
	}
	for n := range 5 {
		var group errgroup.Group
		group.SetLimit(parallel.Limit)
		for _, info := range waves[n] {
			group.Go(func() error { return do(info) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// like returns those of list that name the same object as info.
func like(list kube.ResourceList, info *resource.Info) kube.ResourceList {
	i := slices.IndexFunc(list, func(o *resource.Info) bool {
		return o.Name == info.Name && o.Namespace == info.Namespace &&
			o.Mapping.GroupVersionKind.GroupKind() == info.Mapping.GroupVersionKind.GroupKind()
	})
	if i < 0 {
		return nil
	}
	return list[i : i+1]
}
