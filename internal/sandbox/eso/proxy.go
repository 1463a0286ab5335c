package eso

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/labels"
)

// listen starts the proxy on an abstract socket, whose name has no path that could be too long. It is a socket since the
// API server speaks TLS to any proxy that is not one.
func (f *Fleet) listen() error {
	ln, err := net.Listen("unix", "@gen3-bootstrap-sandbox-"+rand.Text())
	if err != nil {
		return fmt.Errorf("listen for webhook calls: %w", err)
	}
	f.listener = ln
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = f.server.Serve(ln) }() // ends with ErrServerClosed
	return nil
}

// WriteEgressConfig writes the file by which the API server calls webhooks through the proxy, and returns its path.
func (f *Fleet) WriteEgressConfig() (string, error) {
	const config = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %q}}
`
	path := filepath.Join(f.opts.Dir, "egress.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, config, f.listener.Addr()), 0o600); err != nil {
		return "", fmt.Errorf("write egress configuration: %w", err)
	}
	return path, nil
}

// ServeHTTP connects the API server with the address of a Service: with the process of a webhook's pod that is ready, with
// nobody where that pod is unreachable, else with the address as it stands, where a connection is refused.
func (f *Fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "not a CONNECT", http.StatusMethodNotAllowed)
		return
	}
	addr, swallow := f.route(r.Host)
	var far net.Conn
	if !swallow {
		var err error
		if far, err = net.DialTimeout("tcp", addr, 10*time.Second); err != nil {
			refuse(w, err)
			return
		}
		defer func() { _ = far.Close() }()
	}
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = near.Close() }()
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	if swallow {
		_, _ = io.Copy(io.Discard, near) // until the API server has had enough
		return
	}
	join(near, far)
}

// refuse puts the reason into the status line, the one part of an answer that the API server passes on.
func refuse(w http.ResponseWriter, reason error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, reason.Error(), http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 502 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", reason)
	_ = conn.Close()
}

// join copies both ways until one side ends.
func join(near, far net.Conn) {
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

// route finds the webhook behind the address of a Service. swallow means that nobody answers there.
func (f *Fleet) route(addr string) (to string, swallow bool) {
	namespace, selector := f.service(addr)
	if selector == nil {
		return addr, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.members {
		if m.pod.Namespace != namespace || !selector.Matches(labels.Set(m.pod.Labels)) || !isWebhook(m.pod) {
			continue
		}
		m.mu.Lock()
		port, ready := m.port, m.state.Ready
		m.mu.Unlock()
		switch {
		case ready && unreachable(m.pod):
			swallow = true
		case ready:
			return local(port), false // while pods are replaced, one that answers
		}
	}
	return addr, swallow
}

// service finds what a Service selects by its address.
func (f *Fleet) service(addr string) (namespace string, selector labels.Selector) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || f.cluster.Services == nil {
		return "", nil
	}
	services, err := f.cluster.Services.List(labels.Everything())
	if err != nil {
		return "", nil // a lister never fails
	}
	for _, s := range services {
		if s.Spec.ClusterIP == host && len(s.Spec.Selector) > 0 {
			return s.Namespace, labels.SelectorFromSet(s.Spec.Selector)
		}
	}
	return "", nil
}
