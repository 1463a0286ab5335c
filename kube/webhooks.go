package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
)

// transport is the way of every request: each attempt has its own limit, and a write that a webhook of somebody else's could
// not judge is sent again. Nothing was stored by then, since admission comes first.
type transport struct {
	next     http.RoundTripper
	limit    time.Duration // for one attempt; 0: none
	patience time.Duration // how long to wait for webhooks
	waiting  func(message string)
}

// pause is how long a webhook is given between two attempts.
const pause = time.Second

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var began time.Time
	for {
		res, err := t.once(r)
		if err != nil || res.StatusCode != http.StatusInternalServerError || !repeatable(r) {
			return res, err
		}
		name, err := readWebhook(res)
		if err != nil || name == "" {
			return res, err
		}
		now := time.Now() //nolint:forbidigo // of a pause between requests, like client-go's own
		if began.IsZero() {
			began = now
		}
		if now.Sub(began) > t.patience || r.Context().Err() != nil {
			return res, nil
		}
		_ = res.Body.Close()
		if t.waiting != nil {
			t.waiting(fmt.Sprintf("webhook %q, which the API server asks about %s and cannot reach", name, r.URL.Path))
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return nil, fmt.Errorf("wait for webhook %q, which the API server cannot reach: %w", name, context.Cause(r.Context()))
		}
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// repeatable reports that a request is a write that can be sent again. A dry run is not waited for.
func repeatable(r *http.Request) bool {
	return r.Method != http.MethodGet && !r.URL.Query().Has("dryRun") && (r.Body == nil || r.GetBody != nil)
}

// readWebhook looks for the name of a webhook in an answer, whose body can be read again.
func readWebhook(res *http.Response) (string, error) {
	const most = 64 << 10
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return "", err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), res.Body), res.Body}
	name, passing := refusal.UnansweredWebhook(strings.ReplaceAll(string(body), `\"`, `"`))
	if !passing {
		return "", nil
	}
	return name, nil
}

// once sends it under the limit of one attempt, which lasts until the answer is read.
func (t transport) once(r *http.Request) (*http.Response, error) {
	if t.limit <= 0 {
		return t.next.RoundTrip(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.limit)
	res, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = ending{res.Body, cancel}
	return res, nil
}

type ending struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (e ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
