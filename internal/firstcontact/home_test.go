package firstcontact

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// home is a user's own directory, with the environment that goes with it.
type home struct {
	dir  string
	env  []string
	args []string
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{dir: t.TempDir()}
	h.set("HOME", h.dir)
	h.set("PATH", filepath.Join(h.dir, "bin")+":/usr/bin:/bin")
	h.set("AWS_EC2_METADATA_DISABLED", "true")
	return h
}

func (h *home) set(name, value string) { h.env = append(h.env, name+"="+value) }

// write makes a file below the home directory.
func (h *home) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// program puts a shell script on PATH.
func (h *home) program(t *testing.T, name, script string) {
	t.Helper()
	path := h.write(t, filepath.Join("bin", name), "#!/bin/sh\n"+script+"\n")
	must(t, os.Chmod(path, 0o700))
}

// keys signs in to the fake.
func (h *home) keys() {
	h.set("AWS_ACCESS_KEY_ID", awsfake.AdminKeyID)
	h.set("AWS_SECRET_ACCESS_KEY", awsfake.AdminSecret)
}

// problem is one error of a run.
type problem struct{ Message, Hint string }

// plan runs `plan` and returns its errors, how long it took, and what it wrote.
func (h *home) plan(t *testing.T) (problems []problem, took time.Duration, output string) {
	t.Helper()
	binary := os.Getenv("GEN3_TEST_BINARY")
	if binary == "" {
		if os.Getenv("GEN3_TEST_REQUIRE") == "1" {
			t.Fatal("GEN3_TEST_BINARY does not name the program")
		}
		t.Skip("GEN3_TEST_BINARY does not name the program")
	}
	args := []string{"plan", "-o", "json", "--account", "123456789012", "--region", "us-east-1", "--skip-helm", "--timeout", "20s", "--request-timeout", "700ms"}
	cmd := exec.CommandContext(t.Context(), binary, append(args, h.args...)...)
	cmd.Env = h.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begun := time.Now()
	out, err := cmd.Output()
	took = time.Since(begun)
	var document struct{ Errors []problem }
	if json.Unmarshal(out, &document) != nil {
		t.Fatalf("no document: %v\n%s\n%s", err, out, stderr.String())
	}
	return document.Errors, took, string(out) + stderr.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
