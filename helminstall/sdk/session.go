package sdk

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
)

// session is the connection that Helm works over: one transport for all of its many clients, bound to one context. It
// implements genericclioptions.RESTClientGetter without reading a kubeconfig again.
type session struct {
	config    *rest.Config
	reads     *readAhead
	namespace string
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.RESTMapper
}

// newSession makes a session out of the caller's configuration. What is known of the API already is used before the
// server is asked again; nil knows nothing.
func newSession(ctx context.Context, from *rest.Config, namespace string, known *APIs) (*session, error) {
	base, err := rest.TransportFor(from)
	if err != nil {
		return nil, fmt.Errorf("set up connection to the cluster: %w", err)
	}
	server, _, err := rest.DefaultServerUrlFor(from)
	if err != nil {
		return nil, fmt.Errorf("set up connection to the cluster: %w", err)
	}
	reads := &readAhead{next: bound.Transport{Context: ctx, Next: base}, kept: map[string]*answer{}}
	cfg := &rest.Config{
		Host: server.String(), Transport: reads, UserAgent: from.UserAgent,
		// A run sends a few hundred requests at most; the server has its own fairness.
		QPS: -1, WarningHandler: rest.NoWarnings{},
	}
	dc, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("set up API discovery: %w", err)
	}
	s := &session{config: cfg, reads: reads, namespace: namespace, discovery: memory.NewMemCacheClient(dc)}
	s.mapper = restmapper.NewDeferredDiscoveryRESTMapper(s.discovery)
	if known != nil {
		// Kinds that the run itself brings are found by the second.
		s.mapper = meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{known.Mapper, s.mapper}}
	}
	return s, nil
}

// ToRESTConfig hands out a copy, since kubectl's factory writes into what it gets.
func (s *session) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(s.config), nil }

// ToDiscoveryClient implements genericclioptions.RESTClientGetter.
func (s *session) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return s.discovery, nil
}

// ToRESTMapper implements genericclioptions.RESTClientGetter.
func (s *session) ToRESTMapper() (meta.RESTMapper, error) { return s.mapper, nil }

// ToRawKubeConfigLoader only ever serves to look up the namespace.
func (s *session) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: s.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}
