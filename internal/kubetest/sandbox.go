package kubetest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Sandbox is a real API server with controllers and a chart repository, as its program says where they are.
type Sandbox struct {
	Kubeconfig           string `json:"kubeconfig"`           // path; of an administrator
	RestrictedKubeconfig string `json:"restrictedKubeconfig"` // path; of a caller without rights
	ChartRepo            string `json:"chartRepo"`            // URL
	Issuer               string `json:"issuer"`               // URL of who signs the tokens
}

// Start runs the program that GEN3_TEST_SANDBOX names for as long as the test runs. Without it the test is skipped, or fails
// where GEN3_TEST_REQUIRE is 1. No operator runs: its pods are ready with nothing in them.
func Start(t *testing.T) *Sandbox {
	t.Helper()
	return start(t)
}

// StartOperated is Start with External Secrets Operator, which GEN3_TEST_OPERATOR names, running in the pods of its chart and
// finding AWS at an endpoint.
func StartOperated(t *testing.T, endpoint string) *Sandbox {
	t.Helper()
	return start(t, "-operator", need(t, "GEN3_TEST_OPERATOR"), "-operator-aws", endpoint)
}

// need is the path that a variable names.
func need(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		if os.Getenv("GEN3_TEST_REQUIRE") == "1" {
			t.Fatalf("%s names no program; make test builds it", variable)
		}
		t.Skipf("%s names no program; make test builds it", variable)
	}
	return path
}

func start(t *testing.T, flags ...string) *Sandbox {
	t.Helper()
	binary := need(t, "GEN3_TEST_SANDBOX")
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"start", "-aws=false", "-until-stdin-closes", "-dir", t.TempDir()}, flags...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	stdin, err := cmd.StdinPipe()
	Must(t, err)
	stdout, err := cmd.StdoutPipe()
	Must(t, err)
	Must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	Must(t, err)
	s := &Sandbox{}
	Must(t, json.Unmarshal(line, s))
	return s
}

// Config is the administrator's way to the API server, without limits.
func (s *Sandbox) Config(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	Must(t, err)
	config.QPS, config.Burst, config.WarningHandler = -1, 0, rest.NoWarnings{}
	return config
}

// Must ends the test at an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
