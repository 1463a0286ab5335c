package chartrepo

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestRequests(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.yaml"), []byte("entries: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := New(dir)
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w
	}
	if w := ask(http.MethodGet, "/index.yaml"); w.Code != http.StatusOK || w.Body.String() != "entries: {}\n" {
		t.Errorf("index: got %d %q", w.Code, w.Body)
	}
	if w := ask(http.MethodGet, "/absent.tgz"); w.Code != http.StatusNotFound {
		t.Errorf("absent file: got %d", w.Code)
	}
	const want = `[{"method":"GET","path":"/index.yaml"},{"method":"GET","path":"/absent.tgz"}]` + "\n"
	for range 2 { // the second time shows that the first was not counted
		if got := ask(http.MethodGet, RequestsPath).Body.String(); got != want {
			t.Errorf("requests: got %s, want %s", got, want)
		}
	}
	ask(http.MethodDelete, RequestsPath)
	if got := ask(http.MethodGet, RequestsPath).Body.String(); got != "[]\n" {
		t.Errorf("requests after DELETE: got %s", got)
	}
}
