package kube

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// TestWritesWaitForWebhooks: the pods of somebody else's webhook are on their way, or never come.
func TestWritesWaitForWebhooks(t *testing.T) {
	t.Parallel()
	const words = `Internal error occurred: failed calling webhook \"policy.example.org\": failed to call webhook: Post \"https://policy.x.svc:443/\": `
	for name, c := range map[string]struct {
		said     string // by the API server, as long as it refuses
		refusals int32
		dryRun   bool
		patience time.Duration
		calls    int32
		ok       bool
	}{
		"no endpoints yet":     {`no endpoints available for service \"policy\"`, 2, false, time.Minute, 3, true},
		"refuses connections":  {`dial tcp 10.0.0.1:443: connect: connection refused`, 1, false, time.Minute, 2, true},
		"never comes":          {`no endpoints available for service \"policy\"`, 100, false, time.Millisecond, 2, false},
		"a dry run":            {`no endpoints available for service \"policy\"`, 100, true, time.Minute, 1, false},
		"service that is gone": {`service \"policy\" not found`, 100, false, time.Minute, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := make([]byte, 4096)
				n, _ := r.Body.Read(body)
				w.Header().Set("Content-Type", "application/json")
				if calls.Add(1) <= c.refusals {
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","code":500,"message":"%s"}`, words+c.said)
					return
				}
				_, _ = w.Write(body[:n]) // a write that is sent again has its body again
			}))
			defer srv.Close()
			var waited atomic.Int32
			client, err := connect(&rest.Config{Host: srv.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}, nil, Target{
				Request: 5 * time.Second, Login: c.patience, Waiting: func(message string) {
					if strings.Contains(message, `"policy.example.org"`) {
						waited.Add(1)
					}
				},
			}, "c", "default")
			if err != nil {
				t.Fatal(err)
			}
			options := metav1.CreateOptions{}
			if c.dryRun {
				options.DryRun = []string{metav1.DryRunAll}
			}
			made, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gen3"}}, options)
			if c.ok != (err == nil) || c.ok && made.Name != "gen3" || calls.Load() != c.calls || waited.Load() != c.calls-1 {
				t.Errorf("%v after %d calls, waited %d times", err, calls.Load(), waited.Load())
			}
		})
	}
}
