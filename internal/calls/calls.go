// Package calls logs each request that goes out, for whoever wants to know what takes the time. It shows neither bodies nor headers nor what
// stands behind the ? of an address, since any of them may be secret.
package calls

import (
	"log/slog"
	"net/http"
	"time"
)

// Transport logs what goes through it. The zero Log logs nothing.
type Transport struct {
	Next http.RoundTripper
	Log  *slog.Logger
	Now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.Log == nil {
		return t.Next.RoundTrip(r)
	}
	begun := t.Now()
	answer, err := t.Next.RoundTrip(r)
	what := r.Method + " " + r.URL.Host + r.URL.Path
	if r.URL.Query().Has("dryRun") {
		what += " (dry run)"
	}
	status := 0
	if answer != nil {
		status = answer.StatusCode
	}
	Note(t.Log, what, status, t.Now().Sub(begun), err)
	return answer, err //nolint:wrapcheck // it stands in for the transport itself
}

// Note logs one call.
func Note(log *slog.Logger, what string, status int, took time.Duration, err error) {
	attrs := []any{"call", what, "took", took.Round(time.Millisecond)}
	if status != 0 {
		attrs = append(attrs, "status", status)
	}
	if err != nil && status == 0 {
		attrs = append(attrs, "failed", true) // the error is told where it belongs
	}
	log.Debug("call", attrs...)
}
