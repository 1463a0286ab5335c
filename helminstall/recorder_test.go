package helminstall

import (
	"net/http"
	"sync"
	"time"
)

// recorder notes the requests of a run, each delayed so that what is parallel overlaps.
type recorder struct {
	mu    sync.Mutex
	delay time.Duration
	calls []call
	fail  func(*http.Request) error
}

type call struct {
	method, path string
	dry          bool
	start, end   time.Time
}

func (r *recorder) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		c := call{method: req.Method, path: req.URL.Path, dry: req.URL.Query().Get("dryRun") != "", start: time.Now()}
		if r.delay > 0 {
			select {
			case <-time.After(r.delay):
			case <-req.Context().Done():
			}
		}
		if r.fail != nil {
			if err := r.fail(req); err != nil {
				return nil, err
			}
		}
		res, err := next.RoundTrip(req)
		c.end = time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, c)
		return res, err
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// writes counts the requests that persist something.
func (r *recorder) writes() (n int) {
	for _, c := range r.calls {
		if c.method != http.MethodGet {
			n++
		}
	}
	return n
}

// rounds is the longest chain of requests that did not overlap: the sequential round trips.
func (r *recorder) rounds() (n int) {
	var free time.Time
	for {
		best := -1
		for i, c := range r.calls {
			if !c.start.Before(free) && (best < 0 || c.end.Before(r.calls[best].end)) {
				best = i
			}
		}
		if best < 0 {
			return n
		}
		n, free = n+1, r.calls[best].end
	}
}
