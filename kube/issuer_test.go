package kube

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// server answers each path with a status and a body.
func server(t *testing.T, status int, answers map[string]string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		case status != http.StatusOK:
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"message":%q}`, status, body)
		default:
			fmt.Fprint(w, body)
		}
	}))
	t.Cleanup(srv.Close)
	client, err := connect(&rest.Config{Host: srv.URL}, Target{}, "test", "gen3")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestIssuer(t *testing.T) {
	got, err := server(t, http.StatusOK, map[string]string{issuerPath: `{"issuer":"https://oidc.example.org/id","jwks_uri":"x"}`}).Issuer(t.Context())
	if err != nil || got != "https://oidc.example.org/id" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestIssuerThatIsNotSaid(t *testing.T) {
	for name, client := range map[string]*Client{
		"forbidden":   server(t, http.StatusForbidden, map[string]string{issuerPath: "forbidden"}),
		"not there":   server(t, http.StatusOK, nil),
		"not JSON":    server(t, http.StatusOK, map[string]string{issuerPath: "<html>"}),
		"names none":  server(t, http.StatusOK, map[string]string{issuerPath: "{}"}),
		"null":        server(t, http.StatusOK, map[string]string{issuerPath: "null"}),
		"not a value": server(t, http.StatusOK, map[string]string{issuerPath: `{"issuer":7}`}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Issuer(t.Context())
			if err == nil || !strings.Contains(err.Error(), issuerPath) || !strings.Contains(hint.Of(err), "--oidc-issuer") {
				t.Errorf("got %v, hint %q", err, hint.Of(err))
			}
		})
	}
}
