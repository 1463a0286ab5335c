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

// forbidden is an answer of server's.
const forbidden = "403"

// server answers each path with a body, or where that says so with a refusal.
func server(t *testing.T, answers map[string]string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		case body == forbidden:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no"}`)
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
	got, err := server(t, map[string]string{issuerPath: `{"issuer":"https://oidc.example.org/id","jwks_uri":"x"}`}).Issuer(t.Context())
	if err != nil || got != "https://oidc.example.org/id" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestIssuerThatIsNotSaid(t *testing.T) {
	for name, client := range map[string]*Client{
		"forbidden":   server(t, map[string]string{issuerPath: forbidden}),
		"not there":   server(t, nil),
		"not JSON":    server(t, map[string]string{issuerPath: "<html>"}),
		"names none":  server(t, map[string]string{issuerPath: "{}"}),
		"null":        server(t, map[string]string{issuerPath: "null"}),
		"not a value": server(t, map[string]string{issuerPath: `{"issuer":7}`}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Issuer(t.Context())
			if err == nil || !strings.Contains(err.Error(), issuerPath) || !strings.Contains(hint.Of(err), "--oidc-issuer") {
				t.Errorf("got %v, hint %q", err, hint.Of(err))
			}
		})
	}
}
