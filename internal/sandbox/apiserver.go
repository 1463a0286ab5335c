package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	basecompatibility "k8s.io/component-base/compatibility"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// apiServerOptions are what differs between the API servers of two sandboxes.
type apiServerOptions struct {
	etcd, issuer string
	creds        *credentials
	egress       string // path of the egress configuration, or empty
}

// apiServer is a kube-apiserver in this process.
type apiServer struct {
	url    string
	cancel context.CancelFunc
	done   chan struct{} // closed when the server has ended
	err    error         // why it ended; to be read after done
}

// startAPIServer starts serving and does not wait until the server is ready.
func startAPIServer(ctx context.Context, o apiServerOptions) (*apiServer, error) {
	ln, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, fmt.Errorf("listen for kube-apiserver: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	server, err := buildAPIServer(ctx, o, ln)
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("configure kube-apiserver: %w", err), ln.Close())
	}
	api := &apiServer{url: "https://" + ln.Addr().String(), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(api.done)
		api.err = runAPIServer(ctx, server)
	}()
	return api, nil
}

// buildAPIServer turns flags into a server, as kube-apiserver's own main does.
func buildAPIServer(ctx context.Context, o apiServerOptions, ln net.Listener) (*aggregator.APIAggregator, error) {
	opts := options.NewServerRunOptions()
	registry, err := newComponentRegistry()
	if err != nil {
		return nil, err
	}
	opts.GenericServerRunOptions.ComponentGlobalsRegistry = registry
	opts.SecureServing.Listener = ln
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("listen: unexpected address %s", ln.Addr())
	}
	opts.SecureServing.BindPort = addr.Port
	// Else it looks for an address that other machines reach this one by.
	opts.SecureServing.ExternalAddress = addr.IP
	if err := parseFlags(opts, o); err != nil {
		return nil, err
	}
	completed, err := opts.Complete(ctx)
	if err != nil {
		return nil, err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	cfg, err := app.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	complete, err := cfg.Complete()
	if err != nil {
		return nil, err
	}
	return app.CreateServerChain(complete)
}

// newComponentRegistry keeps each server apart from the process-wide registry,
// which a second server in this process must not set again.
func newComponentRegistry() (basecompatibility.ComponentGlobalsRegistry, error) {
	registry := basecompatibility.NewComponentGlobalsRegistry()
	gate := utilfeature.DefaultMutableFeatureGate.DeepCopy()
	if err := registry.Register(basecompatibility.DefaultKubeComponent, newServerVersion(), gate); err != nil {
		return nil, err
	}
	return registry, registry.Set()
}

func runAPIServer(ctx context.Context, server *aggregator.APIAggregator) error {
	prepared, err := server.PrepareRun()
	if err != nil {
		return err
	}
	return prepared.Run(ctx)
}

// stop ends the server and waits for it.
func (a *apiServer) stop() error {
	a.cancel()
	<-a.done
	if a.err != nil && !errors.Is(a.err, context.Canceled) {
		return fmt.Errorf("stop kube-apiserver: %w", a.err)
	}
	return nil
}
