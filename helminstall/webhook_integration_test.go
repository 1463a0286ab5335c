package helminstall

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// serveWebhooks puts a webhook on loopback that says yes in the place of the release's.
func (sb *sandbox) serveWebhooks(t *testing.T) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var review admissionv1.AdmissionReview
		if json.Unmarshal(body, &review) != nil || review.Request == nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		_ = json.NewEncoder(w).Encode(review)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca, err := json.Marshal(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	kubetest.Must(t, err)
	api := sb.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for _, name := range fixedWebhooks() {
		found, err := api.Get(t.Context(), name, metav1.GetOptions{})
		kubetest.Must(t, err)
		var patches []string
		for i := range found.Webhooks {
			patches = append(patches, fmt.Sprintf(`{"op":"replace","path":"/webhooks/%d/clientConfig","value":{"url":%q,"caBundle":%s}}`, i, s.URL, ca))
		}
		_, err = api.Patch(t.Context(), name, types.JSONPatchType, []byte("["+strings.Join(patches, ",")+"]"), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
}

// TestSandboxWebhook: the pods are ready, and nobody reaches the webhook, until somebody does.
func TestSandboxWebhook(t *testing.T) {
	sb := startSandbox(t)
	s := sb.step(t, &recorder{}, nil)
	_, _, err := up(t, s)
	kubetest.Must(t, err)
	s.Timeout, s.StoreNamespace, s.Invocation = 12*time.Second, "default", hint.Invocation{"--account", "1"}
	got := &collector{}
	err = s.AwaitWebhook(t.Context(), got)
	if err == nil || !strings.Contains(err.Error(), "none after 12s: the API server cannot ask validate.secretstore.external-secrets.io") {
		t.Errorf("error %v", err)
	}
	if len(got.waits()) == 0 || !strings.Contains(hint.Of(err), "--set webhook.hostNetwork=true --set webhook.port=10252 --account 1") {
		t.Errorf("waits %q, hint %q", got.waits(), hint.Of(err))
	}
	calls := &recorder{}
	s = sb.step(t, calls, func(s *Settings) { s.NoWait = true })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	kubetest.Must(t, s.AwaitWebhook(t.Context(), &collector{}))
	if calls.writes() > 0 {
		t.Error("asked with --no-wait")
	}

	sb.serveWebhooks(t)
	s = sb.step(t, calls, func(s *Settings) { s.Timeout = 20 * time.Second })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	kubetest.Must(t, s.AwaitWebhook(t.Context(), &collector{}))
	if calls.writes() == 0 || len(s.Warnings()) > 0 {
		t.Errorf("%d dry runs, warnings %q", calls.writes(), s.Warnings())
	}
	s.StoreNamespace, s.Timeout = "nowhere", time.Second // refused before anybody is asked
	kubetest.Must(t, s.AwaitWebhook(t.Context(), &collector{}))
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "is not known") {
		t.Errorf("warnings %q", w)
	}

	s = sb.step(t, &recorder{}, func(s *Settings) { s.Set = []string{"webhook.create=false"} })
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	calls = &recorder{}
	s = sb.step(t, calls, nil)
	_, _, err = up(t, s)
	kubetest.Must(t, err)
	kubetest.Must(t, s.AwaitWebhook(t.Context(), &collector{}))
	if calls.writes() > 0 {
		t.Error("a release without webhooks was asked for one")
	}
}
