package helminstall

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// boundTransport ends every request with ctx. The Helm SDK passes no context on: without this, what it started would
// go on after its time is over.
type boundTransport struct {
	ctx   context.Context // a transport has no other way to learn of it
	next  http.RoundTripper
	limit int64 // of the bytes of an answer; 0 is none
}

// RoundTrip implements http.RoundTripper.
func (t boundTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(t.ctx, cancel) //nolint:contextcheck // that is the point
	end := func() { stop(); cancel() }
	res, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		end()
		if t.ctx.Err() != nil {
			err = t.ctx.Err()
		}
		return nil, err
	}
	if t.limit > 0 {
		res.Body = &limitedBody{ReadCloser: res.Body, left: t.limit}
	}
	res.Body = boundBody{ReadCloser: res.Body, end: end}
	return res, nil
}

// limitedBody fails where an answer goes on beyond what is left of its limit.
type limitedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("more than %d MiB", maxDownload>>20)
	}
	return n, err
}

// boundBody releases the request's context once its body is done with.
type boundBody struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (b boundBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
