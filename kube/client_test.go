package kube

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// TestInCluster is a pod without a kubeconfig, and a machine that is none.
func TestInCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var authorization string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u1"}}`))
	}))
	defer srv.Close()
	mount := t.TempDir()
	for name, text := range map[string]string{"token": "abc", "namespace": "gen3\n"} {
		if err := os.WriteFile(filepath.Join(mount, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pod := func() (*rest.Config, error) {
		return &rest.Config{Host: srv.URL, BearerTokenFile: filepath.Join(mount, "token")}, nil
	}
	for _, name := range []string{"", InCluster} {
		c, err := Load(t.Context(), Target{Context: name, Request: time.Second, inCluster: pod})
		if err != nil {
			t.Fatal(err)
		}
		id, err := c.ClusterID(t.Context())
		if err != nil || id != "u1" || c.Context != InCluster || c.Namespace != "gen3" || authorization != "Bearer abc" {
			t.Errorf("context %q: %v, %+v, asked as %q", name, err, c, authorization)
		}
	}
	nowhere := func() (*rest.Config, error) { return nil, rest.ErrNotInCluster }
	if _, err := Load(t.Context(), Target{inCluster: nowhere}); err == nil || !strings.Contains(err.Error(), "no pod with a ServiceAccount") {
		t.Errorf("no pod: %v", err)
	}
	if _, err := Load(t.Context(), Target{Context: InCluster, inCluster: nowhere}); !errors.Is(err, rest.ErrNotInCluster) || !strings.Contains(hint.Of(err), "automountServiceAccountToken") {
		t.Errorf("asked for, and no pod: %v", err)
	}
}

// TestPluginIsRunAgainWhenItsTokenIsOver: a run may last longer than a token.
func TestPluginIsRunAgainWhenItsTokenIsOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	count := func() int {
		runs, _ := os.ReadFile(filepath.Join(dir, "runs"))
		return len(runs) / 2
	}
	var asked []string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u1"}}`))
	}))
	defer srv.Close()
	config := filepath.Join(dir, "config")
	script := `echo x >> ` + dir + `/runs; n=$(wc -l < ` + dir + `/runs | tr -d ' '); [ $n = 1 ] && end=2020-01-01T00:00:00Z || end=2999-01-01T00:00:00Z; ` +
		`echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t$n\",\"expirationTimestamp\":\"$end\"}}"`
	text := `{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],` +
		`"clusters":[{"name":"c","cluster":{"server":"` + srv.URL + `","insecure-skip-tls-verify":true}}],` +
		`"users":[{"name":"u","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1","interactiveMode":"Never","command":"sh","args":["-c",` + quoted(script) + `]}}}]}`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(t.Context(), Target{Kubeconfig: config, Request: 5 * time.Second, Login: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.ClusterID(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(asked, " ") != "Bearer t2 Bearer t2 Bearer t2" || count() != 2 {
		t.Errorf("asked as %q after %d runs of the plugin", asked, count())
	}
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
