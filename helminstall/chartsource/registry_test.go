package chartsource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// ociRegistry serves one chart with two tags, as a registry does.
func ociRegistry(t *testing.T) string {
	t.Helper()
	t.Setenv("HELM_CONFIG_HOME", t.TempDir()) // nobody's logins
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	archive, _ := charttest.Pack(t)
	blobs := map[string]string{}
	put := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		d := "sha256:" + hex.EncodeToString(sum[:])
		blobs[d] = content
		return d
	}
	const config = `{"name": "mini", "version": "1.1.0", "apiVersion": "v2"}`
	manifest := fmt.Sprintf(`{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "%s", "size": %d},
		"layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "%s", "size": %d}]}`,
		put(config), len(config), put(archive), len(archive))
	digest := put(manifest)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/charts/mini/tags/list", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"name": "charts/mini", "tags": ["1.1.0", "2.0.0-rc.1", "nightly"]}`)
	})
	mux.HandleFunc("GET /v2/charts/mini/{kind}/{ref}", func(w http.ResponseWriter, r *http.Request) {
		ref := r.PathValue("ref")
		if ref == "1.1.0" {
			ref = digest
		}
		body, ok := blobs[ref]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.PathValue("kind") == "manifests" {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", ref)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return "oci://" + strings.TrimPrefix(srv.URL, "http://") + "/charts/mini"
}

func TestRegistry(t *testing.T) {
	ref := ociRegistry(t)
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
