package webhook

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const storeCRD = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"secretstores.external-secrets.io",
"annotations":{"api-approved.kubernetes.io":"unapproved"}},
"spec":{"group":"external-secrets.io","scope":"Namespaced","names":{"kind":"SecretStore","plural":"secretstores","singular":"secretstore"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`

// theirs is a webhook on loopback that says the same to everybody.
func theirs(t *testing.T, allowed bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var review admissionv1.AdmissionReview
		if json.Unmarshal(body, &review) != nil || review.Request == nil || review.Request.DryRun == nil || !*review.Request.DryRun {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: allowed}
		_ = json.NewEncoder(w).Encode(review)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the API server that breaks off
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// asked is a configuration that sends SecretStores to a URL.
func asked(name, hook, url string, ca []byte) *registrationv1.ValidatingWebhookConfiguration {
	none, fail, seconds := registrationv1.SideEffectClassNone, registrationv1.Fail, int32(1)
	return &registrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []registrationv1.ValidatingWebhook{{
		Name: hook, SideEffects: &none, FailurePolicy: &fail, TimeoutSeconds: &seconds, AdmissionReviewVersions: []string{"v1"},
		ClientConfig: registrationv1.WebhookClientConfig{URL: &url, CABundle: ca},
		Rules: []registrationv1.RuleWithOperations{{
			Operations: []registrationv1.OperationType{registrationv1.Create},
			Rule:       registrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{"secretstores"}},
		}},
	}}}
}

// TestSandboxAsk lets a real API server ask webhooks that answer, refuse and fail in each way.
func TestSandboxAsk(t *testing.T) {
	t.Parallel()
	sb := kubetest.Start(t)
	config := sb.Config(t)
	kube, err := kubernetes.NewForConfig(config)
	kubetest.Must(t, err)
	client, err := dynamic.NewForConfig(config)
	kubetest.Must(t, err)
	_, err = Ask(t.Context(), client, "v1", "default")
	if !apierrors.IsNotFound(err) {
		t.Errorf("without the CRD: %v", err)
	}
	kubetest.Must(t, kube.Discovery().RESTClient().Post().AbsPath("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").Body([]byte(storeCRD)).Do(t.Context()).Error())
	becomes := func(what string, want State, cause string) Answer {
		t.Helper()
		var got Answer
		var err error
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); { // configurations take a moment
			if got, err = Ask(t.Context(), client, "v1", "default"); err == nil && got.State == want && strings.Contains(got.Cause, cause) {
				return got
			}
		}
		t.Fatalf("%s: got %+v, %v", what, got, err)
		return got
	}
	becomes("nobody asks", None, "")

	api := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	yes, no := theirs(t, true), theirs(t, false)
	ca := func(s *httptest.Server) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	}
	const own = "validate.secretstore.external-secrets.io"
	put := func(hook, url string, ca []byte) {
		t.Helper()
		_ = api.Delete(t.Context(), configuration, metav1.DeleteOptions{})
		_, err := api.Create(t.Context(), asked(configuration, hook, url, ca), metav1.CreateOptions{})
		kubetest.Must(t, err)
	}
	put(own, no.URL, ca(no))
	becomes("it denies", Answers, "")
	put(own, yes.URL, nil)
	got := becomes("another CA", Unreachable, "x509: certificate signed by unknown authority")
	if cures := hint.Of(got.Err(nil)); !strings.Contains(cures, "cert-controller") || got.Webhook != own {
		t.Errorf("%+v: %s", got, cures)
	}
	put(own, "https://127.0.0.1:1", ca(yes))
	got = becomes("nothing listens", Unreachable, "connection refused")
	if cures := hint.Of(got.Err(hint.Invocation{"--account", "1"})); !strings.Contains(cures, "up --set webhook.hostNetwork=true --set webhook.port=10252 --account 1`") {
		t.Error(cures)
	}
	put("some.policy.example.com", "https://127.0.0.1:1", ca(yes))
	becomes("another's is away", Unknown, "some.policy.example.com")
	put(own, yes.URL, ca(yes))
	becomes("it accepts", Answers, "")

	_, err = kube.CoreV1().ResourceQuotas("default").Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/secretstores.external-secrets.io": resource.MustParse("0")}},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	stores, err := client.Resource(storesIn("v1")).Namespace("default").List(t.Context(), metav1.ListOptions{})
	if becomes("the quota is used up", Answers, ""); err != nil || len(stores.Items) > 0 {
		t.Errorf("dry runs left %v, %v", stores, err)
	}

	restricted, err := clientcmd.BuildConfigFromFlags("", sb.RestrictedKubeconfig)
	kubetest.Must(t, err)
	client, err = dynamic.NewForConfig(restricted)
	kubetest.Must(t, err)
	becomes("who may not", Unknown, `cannot create resource "secretstores"`)
}
