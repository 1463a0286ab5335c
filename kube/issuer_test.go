package kube

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// server answers each path with a body, or with a refusal.
func server(t *testing.T, answers map[string]string) *Client {
	t.Helper()
	client, err := connect(kubetest.Server(t, answers), nil, Target{}, "test", "gen3")
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
		"forbidden":   server(t, map[string]string{issuerPath: kubetest.Forbidden}),
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
