package bound

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
	client := &http.Client{Transport: Transport{Context: t.Context(), Next: http.DefaultTransport, Limit: 1 << 20}}
	res, err := client.Get(endless.URL)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err == nil || !strings.Contains(err.Error(), "more than") || len(data) > 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
