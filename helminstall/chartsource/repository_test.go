package chartsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// serve answers each path with a body, and 404 else.
func serve(t *testing.T, files map[string]string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func index(digest string) string {
	return `{"apiVersion": "v1", "entries": {"mini": [
		{"name": "mini", "version": "1.0.0", "urls": ["mini.tgz"], "digest": ""},
		{"name": "mini", "version": "2.0.0-rc.1", "urls": ["mini.tgz"]},
		{"name": "mini", "version": "1.1.0", "urls": ["mini.tgz"], "digest": "` + digest + `"}]}}`
}

func TestRepository(t *testing.T) {
	archive, digest := charttest.Pack(t)
	good := map[string]string{"/index.yaml": index(digest), "/mini.tgz": archive}
	tests := map[string]struct {
		files         map[string]string
		name, version string
		err, advice   string // parts
		blocked       bool
		warns         int
	}{
		"exact":          {files: good, name: "mini", version: "1.1.0"},
		"newest stable":  {files: good, name: "mini"},
		"no digest":      {files: good, name: "mini", version: "1.0.0", warns: 1},
		"absent version": {files: good, name: "mini", version: "9.9.9", err: "find chart mini 9.9.9: not in repository", advice: "1.1.0, 1.0.0", blocked: true},
		"absent chart":   {files: good, name: "maxi", err: "find chart maxi", advice: "it has mini", blocked: true},
		"mismatch": {
			files: map[string]string{"/index.yaml": index("00ff"), "/mini.tgz": archive}, name: "mini",
			err: "downloaded sha256 " + digest + ", expected 00ff", advice: "do not install", blocked: true,
		},
		"archive absent": {files: map[string]string{"/index.yaml": index(digest)}, name: "mini", err: "HTTP 404"},
		"no repository":  {name: "mini", err: "no index.yaml", blocked: true},
		"no index":       {files: map[string]string{"/index.yaml": "<html>"}, name: "mini", err: "not YAML", blocked: true},
		"not an index":   {files: map[string]string{"/index.yaml": "a: b"}, name: "mini", err: "lists no charts", blocked: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, test.files)
			got, err := repository{client: srv.Client(), url: srv.URL}.chart(t.Context(), test.name, test.version)
			if test.err == "" {
				kubetest.Must(t, err)
				if got.Chart.Metadata.Name != "mini" || len(got.Warnings) != test.warns {
					t.Errorf("%+v", got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(hint.Of(err), test.advice) || hint.Of(err) == "" {
				t.Errorf("error %v, hint %q", err, hint.Of(err))
			}
			if _, ok := hint.Refused(err); ok != test.blocked {
				t.Errorf("blocked: %v", ok)
			}
		})
	}
}

func TestRepositoryUnreachable(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	addr := strings.Replace(srv.URL, "http://", "http://user:hunter2@", 1)
	_, err := repository{client: http.DefaultClient, url: addr}.chart(t.Context(), "mini", "")
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	if _, ok := hint.Refused(err); ok {
		t.Error("not to know is no refusal")
	}
}

func TestRepositoryThatSaysNothing(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := repository{client: silent.Client(), url: silent.URL}.chart(ctx, "mini", "")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestRepositoryCredentials(t *testing.T) {
	r := repository{url: "https://user:hunter2@host/charts"}
	for addr, want := range map[string]string{
		"https://host/charts/x.tgz": "https://user:hunter2@host/charts/x.tgz",
		"https://other/x.tgz":       "https://other/x.tgz",
		"http://host/charts/x.tgz":  "http://host/charts/x.tgz",
		"https://me@host/charts/x":  "https://me@host/charts/x",
	} {
		if got := r.withCredentials(addr); got != want {
			t.Errorf("%s: got %s", addr, got)
		}
	}
	if s := r.shown(); strings.Contains(s, "hunter2") {
		t.Error(s)
	}
}

func TestPublishedDigest(t *testing.T) {
	for _, version := range []string{DefaultVersion, "2.9.0"} {
		if len(publishedDigest(DefaultRepo, DefaultChart, version)) != 64 {
			t.Errorf("none for %s", version)
		}
	}
	if publishedDigest("https://mirror", DefaultChart, DefaultVersion) != "" {
		t.Error("a mirror's archive is held against the publisher's")
	}
	r := repository{url: DefaultRepo}
	_, err := r.verify(DefaultChart, entry{Version: DefaultVersion, Digest: "00"}, []byte("not the chart"))
	if c, ok := hint.Refused(err); !ok || !strings.Contains(c.Reason, "3bc0a2de05ff") {
		t.Error(err)
	}
}
