package sandbox

import (
	"context"
	"fmt"
	"time"

	"k8s.io/klog/v2"
	rootca "k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
)

// workers is how many objects each controller works on at once.
const workers = 4

// newRunners makes every controller. All event handlers are registered by the
// time it returns, so that the informers can be started.
func newRunners(ctx context.Context, c *clients, caPEM []byte) ([]runner, error) {
	var runners []runner
	for _, build := range []func(context.Context, *clients) (runner, error){
		newDeployments, newReplicaSets, newJobs, newServiceAccounts,
		newEndpointSlices, newRoleAggregation, newGarbageCollector, newNamespaces, newPods,
	} {
		run, err := build(ctx, c)
		if err != nil {
			return nil, err
		}
		runners = append(runners, run)
	}
	if c.operator != nil {
		run, err := newWebhookTrust(ctx, c)
		if err != nil {
			return nil, err
		}
		runners = append(runners, run)
	}
	publisher, err := rootca.NewPublisher(c.informers.Core().V1().ConfigMaps(), c.informers.Core().V1().Namespaces(), c.kube, caPEM)
	if err != nil {
		return nil, fmt.Errorf("root CA publisher: %w", err)
	}
	return append(runners, withWorkers(publisher)), nil
}

// withWorkers adapts the Run method that most controllers have.
func withWorkers(c interface{ Run(context.Context, int) }) runner {
	return func(ctx context.Context) { c.Run(ctx, workers) }
}

func newDeployments(ctx context.Context, c *clients) (runner, error) {
	apps := c.informers.Apps().V1()
	d, err := deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), c.informers.Core().V1().Pods(), c.kube)
	if err != nil {
		return nil, fmt.Errorf("deployment controller: %w", err)
	}
	return withWorkers(d), nil
}

func newReplicaSets(ctx context.Context, c *clients) (runner, error) {
	return withWorkers(replicaset.NewReplicaSetController(ctx, c.informers.Apps().V1().ReplicaSets(),
		c.informers.Core().V1().Pods(), c.kube, replicaset.BurstReplicas)), nil
}

func newJobs(ctx context.Context, c *clients) (runner, error) {
	j, err := job.NewController(ctx, c.kube, c.informers.Core().V1().Pods(), c.informers.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("job controller: %w", err)
	}
	return withWorkers(j), nil
}

func newServiceAccounts(ctx context.Context, c *clients) (runner, error) {
	core := c.informers.Core().V1()
	s, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(),
		c.kube, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return nil, fmt.Errorf("service account controller: %w", err)
	}
	return withWorkers(s), nil
}

func newEndpointSlices(ctx context.Context, c *clients) (runner, error) {
	const endpointsPerSlice, batchPeriod = 100, 50 * time.Millisecond
	core := c.informers.Core().V1()
	return withWorkers(endpointslice.NewController(ctx, core.Pods(), core.Services(), core.Nodes(),
		c.informers.Discovery().V1().EndpointSlices(), endpointsPerSlice, c.kube, batchPeriod)), nil
}

// newRoleAggregation fills the roles view, edit and admin.
func newRoleAggregation(_ context.Context, c *clients) (runner, error) {
	return withWorkers(clusterroleaggregation.NewClusterRoleAggregation(c.informers.Rbac().V1().ClusterRoles(), c.kube.RbacV1())), nil
}
