package sandbox

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// loop calls sync for every object of an informer, after each change to it, after its end, and
// again, ever more slowly, while sync fails, up to once a second.
type loop struct {
	name   string
	queue  workqueue.TypedRateLimitingInterface[string]
	synced cache.InformerSynced
	sync   func(ctx context.Context, key string) error
}

func newLoop(name string, informer cache.SharedIndexInformer, sync func(context.Context, string) error) (*loop, error) {
	l := &loop{
		name:   name,
		queue:  workqueue.NewTypedRateLimitingQueue(backoff()),
		synced: informer.HasSynced,
		sync:   sync,
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    l.add,
		UpdateFunc: func(_, obj any) { l.add(obj) },
		DeleteFunc: l.add,
	})
	return l, err
}

// backoff stays short, since what is waited for (a finalizer, a conflict) may
// go at any time and nobody else works on this machine's API server.
func backoff() workqueue.TypedRateLimiter[string] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[string](10*time.Millisecond, time.Second)
}

func (l *loop) add(obj any) {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		runtime.HandleError(err)
		return
	}
	l.queue.Add(key)
}

// Run works until ctx ends.
func (l *loop) Run(ctx context.Context, workers int) {
	if !cache.WaitForCacheSync(ctx.Done(), l.synced) {
		return
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for l.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	l.queue.ShutDown()
	wg.Wait()
}

// next works on one object; false means that the queue is shut.
func (l *loop) next(ctx context.Context) bool {
	key, shut := l.queue.Get()
	if shut {
		return false
	}
	defer l.queue.Done(key)
	if err := l.sync(ctx, key); err != nil {
		runtime.HandleErrorWithContext(ctx, err, "sync failed", "loop", l.name, "key", key)
		l.queue.AddRateLimited(key)
		return true
	}
	l.queue.Forget(key)
	return true
}
