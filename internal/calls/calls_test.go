package calls_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/calls"
)

// TestCallsAreLoggedWithoutWhatMayBeSecret: one line for each, with method, place, status and duration.
func TestCallsAreLoggedWithoutWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "hunter2")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("hunter2"))
	}))
	t.Cleanup(server.Close)
	var out bytes.Buffer
	client := http.Client{Transport: calls.Transport{
		Next: http.DefaultTransport, Now: time.Now, Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/secrets?dryRun=All&token=hunter2", strings.NewReader("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "hunter2")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	text := out.String()
	if strings.Count(text, "\n") != 1 || strings.Contains(text, "hunter2") {
		t.Errorf("%s", text)
	}
	for _, part := range []string{"POST ", "/api/v1/secrets (dry run)", "status=403", "took="} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in %s", part, text)
		}
	}
}
