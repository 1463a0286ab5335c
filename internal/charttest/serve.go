package charttest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// Repository answers as a Helm repository does that has one version of one chart.
func Repository(name, version, archive string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /index.yaml", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "apiVersion: v1\nentries:\n  %s:\n  - {name: %s, version: %q, urls: [%s.tgz], digest: %s}\n", name, name, version, name, hexSum(archive))
	})
	mux.HandleFunc("GET /"+name+".tgz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, archive) })
	return mux
}

// Registry serves one version of one chart as an OCI registry does, and returns its reference. The tags are more than that version, of
// which none other is there.
func Registry(t *testing.T, name, version, archive string, tags ...string) string {
	t.Helper()
	t.Setenv("HELM_CONFIG_HOME", t.TempDir()) // nobody's logins
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	blobs := map[string]string{}
	put := func(content string) string {
		digest := "sha256:" + hexSum(content)
		blobs[digest] = content
		return digest
	}
	config := fmt.Sprintf(`{"name": %q, "version": %q, "apiVersion": "v2"}`, name, version)
	digest := put(fmt.Sprintf(`{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "%s", "size": %d},
		"layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "%s", "size": %d}]}`,
		put(config), len(config), put(archive), len(archive)))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/charts/"+name+"/tags/list", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "charts/" + name, "tags": append([]string{version}, tags...)})
	})
	mux.HandleFunc("GET /v2/charts/"+name+"/{kind}/{ref}", func(w http.ResponseWriter, r *http.Request) {
		ref := r.PathValue("ref")
		if ref == version {
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
	return "oci://" + strings.TrimPrefix(srv.URL, "http://") + "/charts/" + name
}

func hexSum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
