package bound

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Transport ends every request with Context. The Helm SDK passes none on: without this, what it started would go on after
// its time is over.
type Transport struct {
	Context context.Context // a transport has no other way to learn of it
	Next    http.RoundTripper
	Limit   int64 // of the bytes of an answer; 0 is none
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.Context.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(t.Context, cancel) //nolint:contextcheck // that is the point
	end := func() { stop(); cancel() }
	res, err := t.Next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		end()
		if t.Context.Err() != nil {
			err = t.Context.Err()
		}
		return nil, err
	}
	if t.Limit > 0 {
		res.Body = &limitedBody{ReadCloser: res.Body, limit: t.Limit, left: t.Limit}
	}
	res.Body = endingBody{ReadCloser: res.Body, end: end}
	return res, nil
}

// limitedBody fails where an answer goes on beyond what is left of its limit.
type limitedBody struct {
	io.ReadCloser
	limit, left int64
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("more than %d MiB", b.limit>>20)
	}
	return n, err
}

// endingBody releases the request's context once its body is done with.
type endingBody struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (b endingBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
