package sdk

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"

	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// readAhead answers GETs from what was read beforehand, many at a time. Helm asks for each object of a chart one after
// the other, twice or three times over; most of the time of a first install is those round trips.
type readAhead struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept map[string]*answer // by path
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// fetch reads the live state of all objects at once and keeps the answers. What fails is not kept, so that whoever
// asks later meets the failure itself.
func (r *readAhead) fetch(ctx context.Context, list kube.ResourceList) {
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	for _, info := range list {
		u := address(info)
		if r.lookup(u) != nil {
			continue
		}
		group.Go(func() error {
			r.fetchOne(ctx, u.String())
			return nil
		})
	}
	_ = group.Wait() // nothing fails
}

func (r *readAhead) fetchOne(ctx context.Context, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	req.Header.Set("Accept", "application/json")
	res, err := r.next.RoundTrip(req)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[req.URL.Path] = &answer{status: res.StatusCode, header: res.Header.Clone(), body: body}
}

// RoundTrip implements http.RoundTripper.
func (r *readAhead) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		r.forget(req.URL.Path)
		return r.next.RoundTrip(req)
	}
	if a := r.lookup(req.URL); a != nil {
		return a.response(req), nil
	}
	return r.next.RoundTrip(req)
}

func (r *readAhead) lookup(u *url.URL) *answer {
	if u.RawQuery != "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[u.Path]
}

// forget drops what a write makes stale: the object itself, or all of a collection that something is created in.
func (r *readAhead) forget(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.kept, func(p string, _ *answer) bool { return p == path || strings.HasPrefix(p, path+"/") })
}

func (a *answer) response(req *http.Request) *http.Response {
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req,
	}
}
