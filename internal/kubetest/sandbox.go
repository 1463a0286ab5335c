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
// where GEN3_TEST_REQUIRE is 1.
func Start(t *testing.T) *Sandbox {
	t.Helper()
	binary := os.Getenv("GEN3_TEST_SANDBOX")
	if binary == "" {
		if os.Getenv("GEN3_TEST_REQUIRE") == "1" {
			t.Fatal("GEN3_TEST_SANDBOX does not name the sandbox binary")
		}
		t.Skip("needs a real API server: GEN3_TEST_SANDBOX does not name the sandbox binary")
	}
	cmd := exec.CommandContext(t.Context(), binary, "start", "-aws=false", "-until-stdin-closes", "-dir", t.TempDir())
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
