package sandbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
)

// discoveryPeriod is how soon the garbage collector notices a new kind. A
// cluster's 30 s would outlast most tests.
const discoveryPeriod = 3 * time.Second

func newGarbageCollector(ctx context.Context, c *clients) (runner, error) {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.kube.Discovery()))
	factory := informerfactory.NewInformerFactory(c.informers, metadatainformer.NewSharedInformerFactory(c.metadata, 0))
	// Closed already: its informers come later than the shared ones anyway.
	started := make(chan struct{})
	close(started)
	gc, err := garbagecollector.NewGarbageCollector(ctx, c.kube, c.metadata, mapper,
		garbagecollector.DefaultIgnoredResources(), factory, started)
	if err != nil {
		return nil, fmt.Errorf("garbage collector: %w", err)
	}
	return func(ctx context.Context) {
		var wg sync.WaitGroup
		wg.Go(func() { gc.Run(ctx, workers, discoveryPeriod) })
		wg.Go(func() { gc.Sync(ctx, c.kube.Discovery(), discoveryPeriod) })
		wg.Wait()
	}, nil
}
