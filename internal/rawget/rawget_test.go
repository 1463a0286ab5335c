package rawget_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
)

func TestDo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/forbidden" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"crds is forbidden: User x cannot get","reason":"Forbidden","code":403}`))
			return
		}
		_, _ = w.Write([]byte(`{"any":"thing"}`))
	}))
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	body, err := rawget.Do(t.Context(), client.Discovery().RESTClient().Get().AbsPath("/thing"))
	if err != nil || string(body) != `{"any":"thing"}` {
		t.Errorf("got %s, %v", body, err)
	}
	_, err = rawget.Do(t.Context(), client.Discovery().RESTClient().Get().AbsPath("/forbidden"))
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "User x cannot get") {
		t.Errorf("got %v", err)
	}
}
