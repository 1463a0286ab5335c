// Package chartrepo serves a directory as a Helm repository and remembers what
// was asked of it, so that a test can say that nothing was downloaded.
package chartrepo

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// RequestsPath answers GET with a JSON list of the requests served since the
// start, or since the last DELETE of it. Its own requests are not in the list.
const RequestsPath = "/_requests"

// Request is one request that was served.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// Repo is an http.Handler that is safe for concurrent use.
type Repo struct {
	mux *http.ServeMux

	mu       sync.Mutex
	requests []Request
}

// New serves the files of dir, which has an index.yaml.
func New(dir string) *Repo {
	r := &Repo{mux: http.NewServeMux(), requests: []Request{}}
	r.mux.HandleFunc("GET "+RequestsPath, r.list)
	r.mux.HandleFunc("DELETE "+RequestsPath, r.forget)
	r.mux.Handle("/", r.record(http.FileServer(http.Dir(dir))))
	return r
}

// ServeHTTP implements http.Handler.
func (r *Repo) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

// Requests returns what GET of RequestsPath does.
func (r *Repo) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *Repo) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, Request{Method: req.Method, Path: req.URL.Path})
		r.mu.Unlock()
		next.ServeHTTP(w, req)
	})
}

func (r *Repo) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(r.Requests()) // the client has gone
}

func (r *Repo) forget(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = []Request{}
	w.WriteHeader(http.StatusNoContent)
}
