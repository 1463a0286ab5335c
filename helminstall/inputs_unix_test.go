//go:build unix

package helminstall

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// pipe is a named pipe into which, once somebody reads, so much is written; "" writes nothing, ever.
func pipe(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	kubetest.Must(t, syscall.Mkfifo(path, 0o600))
	t.Cleanup(func() { // lets go of who still waits
		if fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			_ = syscall.Close(fd)
		}
	})
	if content != "" {
		go func() { _ = os.WriteFile(path, []byte(content), 0o600) }()
	}
	return path
}

// TestInputsAreReadOnce: what was checked is what is used, also of a pipe, which has nothing for a second reader.
func TestInputsAreReadOnce(t *testing.T) {
	t.Parallel()
	values, archive := pipe(t, "replicaCount: 2\n"), packedChart(t)
	s := Settings{Chart: pipe(t, archive), Values: []string{values, values}}
	s, errs := ReadInputs(t.Context(), s)
	kubetest.Must(t, errors.Join(errs...))
	again, errs := ReadInputs(t.Context(), s)
	kubetest.Must(t, errors.Join(errs...))
	if got := again.Inputs.values["replicaCount"]; got != 2.0 {
		t.Errorf("replicaCount is %v", got)
	}
	if again.ref().From != chartsource.Disk || again.Inputs.chart.Chart.Metadata.Version != "1.1.0" {
		t.Errorf("chart %+v", again.Inputs.chart)
	}
}

// packedChart is an archive of the mini chart, version 1.1.0.
func packedChart(t *testing.T) string {
	t.Helper()
	archive, _ := charttest.Pack(t)
	return archive
}

// TestInputsEndInTime: nobody may ever write to a pipe.
func TestInputsEndInTime(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Settings, string){
		"values":  func(s *Settings, path string) { s.Values = []string{path} },
		"a chart": func(s *Settings, path string) { s.Chart = path },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("the test has no more time"))
			defer cancel()
			s := Settings{}
			change(&s, pipe(t, ""))
			_, errs := ReadInputs(ctx, s)
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), "its end did not come: the test has no more time") {
				t.Errorf("got %v", errs)
			}
		})
	}
}

// TestInputsAreSaidTogether: each file that cannot be used, with what the system says of it.
func TestInputsAreSaidTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := file(t, "large.yaml", "a: "+string(bytes.Repeat([]byte("x"), helmvalues.MaxFile)))
	_, errs := ReadInputs(t.Context(), Settings{Chart: "./nowhere", Values: []string{"/nowhere.yaml", dir, large}, Set: []string{"=", "a"}})
	want := []string{
		"load chart ./nowhere: no such file or directory", "read values file /nowhere.yaml: no such file or directory",
		"read values file " + dir + ": is a directory", "large.yaml: larger than 2 MiB", "without a key", "without =",
	}
	if len(errs) != len(want) {
		t.Fatalf("got %v", errs)
	}
	for i, err := range errs {
		if !strings.HasSuffix(err.Error(), want[i]) || hint.Of(err) == "" || strings.Contains(err.Error(), "%!") {
			t.Errorf("got %q (hint %q), want %q", err, hint.Of(err), want[i])
		}
	}
}
