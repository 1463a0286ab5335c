package acceptance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// The environment by which the Makefile and the tests themselves steer this package.
const (
	envSandbox  = "GEN3_TEST_SANDBOX"      // path of the sandbox binary
	envOperator = "GEN3_TEST_OPERATOR"     // path of External Secrets Operator, for the sandbox to run
	envRequire  = "GEN3_TEST_REQUIRE"      // "1": what cannot run fails instead of being skipped
	envBinary   = "GEN3_TEST_BINARY"       // path of gen3-bootstrap, to be run, interrupted and killed
	envMatrix   = "GEN3_TEST_MATRIX"       // "full": every case of the matrices, else a part
	envAWS      = "GEN3_TEST_AWS_ENDPOINT" // loopback endpoint of another emulator
)

func TestMain(m *testing.M) {
	code := m.Run()
	if n := casesRun.Load(); n > 0 {
		fmt.Printf("matrix: %d cases ran\n", n)
	}
	os.Exit(code)
}

// sandbox is what the sandbox's one line says.
type sandbox struct {
	Kubeconfig           string `json:"kubeconfig"`
	RestrictedKubeconfig string `json:"restrictedKubeconfig"`
	Server               string `json:"server"`
	ChartRepo            string `json:"chartRepo"`
	Issuer               string `json:"issuer"`
}

var shared struct { //nolint:gochecknoglobals // one sandbox for all tests of the process that need no cluster of their own
	once sync.Once
	sb   *sandbox
	stop func() // never called: kept, since the end of the pipe that it holds would end the sandbox
}

// anySandbox is a sandbox that other tests use as well, each in a namespace of its own. It ends with this process,
// whose end of its stdin closes.
func anySandbox(t *testing.T) *sandbox {
	t.Helper()
	needSandbox(t)
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "gen3-bootstrap-acceptance-") //nolint:usetesting // it outlives the test that happens to come first
		check(t, "make directory", err)
		shared.sb, shared.stop = runSandbox(t, dir, "--aws=false")
	})
	if shared.sb == nil {
		t.Fatal("the shared sandbox did not start")
	}
	return shared.sb
}

// ownSandbox runs a real API server for as long as the test lasts.
func ownSandbox(t *testing.T) *sandbox {
	t.Helper()
	needSandbox(t)
	sb, stop := runSandbox(t, t.TempDir(), "--aws=false")
	t.Cleanup(stop)
	return sb
}

func needSandbox(t *testing.T) {
	t.Helper()
	need(t, envSandbox, "sandbox")
}

// need skips the test where a binary is not named, or fails it where everything must run.
func need(t *testing.T, variable, what string) {
	t.Helper()
	if os.Getenv(variable) != "" {
		return
	}
	if os.Getenv(envRequire) == "1" {
		t.Fatalf("%s does not name the %s binary; `make test` builds it", variable, what)
	}
	t.Skipf("%s does not name the %s binary; run `make test`, which builds it", variable, what)
}

func runSandbox(t *testing.T, dir string, flags ...string) (sb *sandbox, stop func()) {
	t.Helper()
	cmd := exec.Command(os.Getenv(envSandbox), append([]string{"start", "--until-stdin-closes", "--dir", dir}, flags...)...)
	stdin, err := cmd.StdinPipe()
	check(t, "open sandbox's stdin", err)
	stdout, err := cmd.StdoutPipe()
	check(t, "open sandbox's stdout", err)
	cmd.Stderr = os.Stderr
	check(t, "start sandbox", cmd.Start())
	return readSandbox(t, stdout), func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}
}

func readSandbox(t *testing.T, stdout io.Reader) *sandbox {
	t.Helper()
	lines := make(chan []byte, 1)
	go func() {
		scanner := bufio.NewScanner(stdout)
		if scanner.Scan() {
			lines <- append([]byte(nil), scanner.Bytes()...)
		}
		close(lines)
	}()
	select {
	case line := <-lines:
		var sb sandbox
		check(t, fmt.Sprintf("parse sandbox's line %q", line), json.Unmarshal(line, &sb))
		return &sb
	case <-time.After(2 * time.Minute):
		t.Fatal("the sandbox did not get ready within two minutes")
		return nil
	}
}

func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// poll looks until it is so, for at most half a minute.
func poll(t *testing.T, what string, so func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) { return so(), nil })
	check(t, "wait for "+what, err)
}
