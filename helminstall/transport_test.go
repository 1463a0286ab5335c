package helminstall

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAnswersAreBounded: a registry whose answer has no end is not read to its end.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	client := &http.Client{Transport: boundTransport{ctx: t.Context(), next: http.DefaultTransport, limit: 1 << 20}}
	res, err := client.Get(endless.URL)
	must(t, err)
	data, err := io.ReadAll(res.Body)
	if err == nil || !strings.Contains(err.Error(), "more than") || len(data) > 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	must(t, res.Body.Close())
}
