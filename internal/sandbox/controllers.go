package sandbox

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/eso"
)

// controllers are those of kube-controller-manager that a chart's objects
// need. They are built here one by one, without the program around them: that
// spares its process-wide state, its cloud providers and its volume plugins.
type controllers struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// runner is a controller that is ready to run until its context ends.
type runner func(context.Context)

// clients are shared by all controllers.
type clients struct {
	config    *rest.Config
	kube      kubernetes.Interface
	metadata  metadata.Interface
	informers informers.SharedInformerFactory
	operator  *eso.Fleet // nil without one
}

func newClients(config *rest.Config) (*clients, error) {
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make metadata client: %w", err)
	}
	return &clients{config: config, kube: kube, metadata: meta, informers: informers.NewSharedInformerFactory(kube, 0)}, nil
}

// startControllers runs them until they are stopped.
func (s *Sandbox) startControllers(caPEM []byte) (*controllers, error) {
	cl, err := newClients(s.Config)
	if err != nil {
		return nil, err
	}
	cl.operator = s.operator
	ctx, cancel := context.WithCancel(context.Background())
	c := &controllers{cancel: cancel}
	runners, err := newRunners(ctx, cl, caPEM)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start controllers: %w", err)
	}
	cl.informers.Start(ctx.Done())
	for _, run := range runners {
		c.wg.Go(func() { run(ctx) })
	}
	return c, nil
}

// stop ends the controllers and waits for them.
func (c *controllers) stop() error {
	c.cancel()
	c.wg.Wait()
	return nil
}
