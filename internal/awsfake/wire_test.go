package awsfake_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// TestWireForms is about requests that the SDK does not send.
func TestWireForms(t *testing.T) {
	const unsigned = "Action=ListUsers&Version=2010-05-08"
	tests := map[string]struct {
		body, target, authorization string
		status                      int
		want                        string
	}{
		"nothing asked":    {"", "", "", 400, "<Code>MissingAction</Code>"},
		"not signed":       {unsigned, "", "", 403, "<Code>MissingAuthenticationToken</Code>"},
		"not signed, JSON": {"{}", "secretsmanager.ListSecrets", "", 400, `"__type":"MissingAuthenticationTokenException"`},
		"other scheme":     {unsigned, "", "Basic YTpi", 403, "<Code>IncompleteSignature</Code>"},
		"half a scope":     {unsigned, "", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=y", 403, "<Code>IncompleteSignature</Code>"},
		"unknown fields":   {`{"Nom":"x"}`, "secretsmanager.ListSecrets", "", 400, "SerializationException"},
		"an escaped error": {"Action=A%3CB&Version=2010-05-08", "", "", 501, "A&lt;B"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.New()
			if err := srv.Listen(t.Context(), "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(srv.Close)
			req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL(), strings.NewReader(tt.body)))
			for k, v := range map[string]string{"X-Amz-Target": tt.target, "Authorization": tt.authorization} {
				if v != "" {
					req.Header.Set(k, v)
				}
			}
			status, _, body := ask(t, req)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// ask sends a request as it is.
func ask(t *testing.T, req *http.Request) (int, http.Header, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

func TestLookingIsNoCall(t *testing.T) {
	srv := awsfake.Start(t)
	ask(t, must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL(), nil)))
	if calls := srv.Calls(); len(calls) != 0 {
		t.Errorf("recorded %v", calls)
	}
}

func TestLatencyAndDate(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	srv := awsfake.Start(t, awsfake.WithLatency(20*time.Millisecond), awsfake.WithClock(func() time.Time { return start }))
	before := time.Now()
	_, head, _ := ask(t, must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL(), nil)))
	if d := time.Since(before); d < 20*time.Millisecond {
		t.Errorf("answered after %s", d)
	}
	if got := head.Get("Date"); got != "Fri, 02 Jan 2026 03:04:05 GMT" {
		t.Errorf("date %s", got)
	}
}

// TestOperatorsThatAreNotEvaluated fail loudly, rather than come out as a denial.
func TestOperatorsThatAreNotEvaluated(t *testing.T) {
	srv := awsfake.New()
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}`
	u := must[string](t)(srv.AddUser("es", nil))
	wantCode(t, srv.Attach(u, must[string](t)(srv.AddPolicy("p", text, nil))), "")
	if srv.Allowed(u, "iam:GetUser", "*", nil) {
		t.Error("allowed")
	}
	if diff := cmp.Diff([]string{"condition operator IpAddress"}, srv.Unknown()); diff != "" {
		t.Error(diff)
	}
}
