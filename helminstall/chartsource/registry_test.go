package chartsource

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func TestRegistry(t *testing.T) {
	archive, _ := charttest.Pack(t)
	ref := charttest.Registry(t, "mini", "1.1.0", archive, "2.0.0-rc.1", "nightly")
	for _, version := range []string{"1.1.0", ""} {
		got, err := Of(ref, "", "").Fetch(t.Context(), http.DefaultClient, version)
		kubetest.Must(t, err)
		if got.Chart.Metadata.Name != "mini" || got.Chart.Metadata.Version != "1.1.0" {
			t.Errorf("version %q: %+v", version, got.Chart.Metadata)
		}
	}
	_, err := Of(ref, "", "").Fetch(t.Context(), http.DefaultClient, "9.9.9")
	if _, ok := hint.Refused(err); !ok || !strings.Contains(err.Error(), ref+" version 9.9.9") || hint.Of(err) == "" {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}

func TestRegistryThatSaysNothing(t *testing.T) {
	t.Setenv("HELM_CONFIG_HOME", t.TempDir())
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	ref := "oci://" + strings.TrimPrefix(silent.URL, "http://") + "/charts/mini"
	start := time.Now()
	if _, err := Of(ref, "", "").Fetch(ctx, http.DefaultClient, "1.0.0"); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}
