// Package kubeproxy is a proxy in front of a real API server, for tests: it names and records every request and makes
// named ones fail, lose their reply, or stop at a hook where a test can kill the client.
package kubeproxy

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TB is what Start needs of a test.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	TempDir() string
}

// Proxy stands between a client and one API server.
type Proxy struct {
	server  *httptest.Server
	forward *httputil.ReverseProxy

	mu     sync.Mutex
	calls  []Call
	count  map[string]int
	faults []*Fault
	onCall func(Phase, Call)
}

// Start runs a proxy to the server of config until the test ends.
func Start(tb TB, config *rest.Config) *Proxy {
	tb.Helper()
	target, err := url.Parse(config.Host)
	if err != nil {
		tb.Fatalf("parse API server %s: %v", config.Host, err)
	}
	transport, err := rest.TransportFor(config) // brings the credentials of config to every request
	if err != nil {
		tb.Fatalf("make transport to %s: %v", config.Host, err)
	}
	p := &Proxy{count: map[string]int{}}
	p.forward = &httputil.ReverseProxy{
		Transport:     transport,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1, // watches must not wait in a buffer
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { abort(w) },
	}
	p.server = httptest.NewServer(p)
	tb.Cleanup(p.server.Close)
	return p
}

// Config is how a client reaches the API server through the proxy.
func (p *Proxy) Config() *rest.Config { return &rest.Config{Host: p.server.URL} }

// Kubeconfig writes a file by which a client reaches the API server through the proxy, and returns its path.
func (p *Proxy) Kubeconfig(tb TB, namespace string) string {
	tb.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["proxied"] = &clientcmdapi.Cluster{Server: p.server.URL}
	config.AuthInfos["proxied"] = &clientcmdapi.AuthInfo{}
	config.Contexts["proxied"] = &clientcmdapi.Context{Cluster: "proxied", AuthInfo: "proxied", Namespace: namespace}
	config.CurrentContext = "proxied"
	path := filepath.Join(tb.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		tb.Fatalf("write %s: %v", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		tb.Fatalf("restrict %s: %v", path, err)
	}
	return path
}

// ServeHTTP forwards one request, as the faults will have it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		abort(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call, fault, hook := p.begin(r, body)
	if hook != nil {
		hook(Before, call)
	}
	if fault.before(w, r, call) {
		return
	}
	if fault == nil && hook == nil {
		p.forward.ServeHTTP(w, r)
		return
	}
	// The answer is held back, so that what happens after the effect happens before the client knows of it.
	held := httptest.NewRecorder()
	p.forward.ServeHTTP(held, r)
	if hook != nil {
		hook(After, call)
	}
	if fault.after(w, call) {
		return
	}
	relay(w, held)
}

func (p *Proxy) begin(r *http.Request, body []byte) (Call, *Fault, func(Phase, Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	call := callOf(r, body)
	key := call.Verb + " " + call.Resource + " " + call.Object
	p.count[key]++
	call.N = p.count[key]
	p.calls = append(p.calls, call)
	var hit *Fault
	for _, f := range p.faults {
		if f.matches(call) {
			hit = f
			break
		}
	}
	if call.Verb == "watch" {
		return call, hit, nil // its answer does not end
	}
	return call, hit, p.onCall
}

func relay(w http.ResponseWriter, held *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), held.Header())
	w.WriteHeader(held.Code)
	_, _ = w.Write(held.Body.Bytes())
}

// abort closes the connection without an answer.
func abort(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// Calls returns every request so far.
func (p *Proxy) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Call(nil), p.calls...)
}

// Writes returns the requests that persist something.
func (p *Proxy) Writes() []Call {
	var out []Call
	for _, c := range p.Calls() {
		if c.Write {
			out = append(out, c)
		}
	}
	return out
}

// ResetCalls forgets the requests so far; occurrences count from 1 again.
func (p *Proxy) ResetCalls() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.count = nil, map[string]int{}
}

// OnCall has hook called before the effect of every request and after it, before the reply. nil ends that.
func (p *Proxy) OnCall(hook func(Phase, Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCall = hook
}

// Fault makes requests go wrong, until the returned function is called.
func (p *Proxy) Fault(f Fault) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, g := range p.faults {
			if g == &f {
				p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
				return
			}
		}
	}
}

// URL is where the proxy listens.
func (p *Proxy) URL() string { return p.server.URL }

// String is for messages.
func (p *Proxy) String() string { return "proxy at " + p.server.URL }
