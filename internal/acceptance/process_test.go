package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// process is gen3-bootstrap as a process of its own, which can be killed.
type process struct {
	cmd            *exec.Cmd
	started        chan struct{} // closed once cmd has a process
	stdout, stderr bytes.Buffer
}

// command prepares a run in this world.
func (w *world) command(t *testing.T, args ...string) *process {
	t.Helper()
	need(t, envBinary, "gen3-bootstrap")
	s := w.settings
	timing := s.Timing
	switch args[0] {
	case generateCommand:
		args = append(args, "--yes")
	case pushCommand:
		args = append(args, w.pushArgs()...)
	}
	for _, file := range w.gen3.Files {
		args = append(args, "-f", file, "--gen3-chart", w.gen3.Chart)
	}
	args = append(strings.Fields(args[0]), args[1:]...)
	args = append(args, "--account", s.Account, "--region", s.Region, "-n", w.namespace,
		"--lease-duration", timing.Lease.String(), "--mint-deadline", timing.MintDeadline.String(), "--settle", timing.Settle.String(),
		"--poll-interval", timing.Poll.String(), "--request-timeout", timing.Request.String(),
		"--timeout", s.Timeout.String(), "--lock-timeout", s.LockTimeout.String(), "--verbose")
	if !s.SkipHelm {
		args = append(args, "--chart-repo", s.Helm.Repo)
	}
	if s.IRSA {
		args = append(args, "--irsa", "--create-oidc-provider", "--role-name", s.RoleName)
	}
	if args[0] == "teardown" {
		args = append(args, "--yes", "--delete-oidc-provider")
	}
	if s.UseGlobalUser {
		args = append(args, "--use-global-user")
	}
	if s.SkipHelm {
		args = append(args, "--skip-helm")
	} else {
		args = append(args, "--release", s.Helm.Release, "--release-namespace", s.Helm.Namespace, "--chart", s.Helm.Chart)
		if s.Helm.Version != "" {
			args = append(args, "--chart-version", s.Helm.Version)
		}
		for _, set := range s.Helm.Set {
			args = append(args, "--set", set)
		}
	}
	p := &process{cmd: exec.Command(os.Getenv(envBinary), args...), started: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Env = []string{
		"KUBECONFIG=" + s.Kubeconfig, "AWS_ENDPOINT_URL=" + w.aws.URL(), "HOME=" + t.TempDir(),
		"AWS_ACCESS_KEY_ID=" + awsfake.AdminKeyID, "AWS_SECRET_ACCESS_KEY=" + awsfake.AdminSecret, "AWS_EC2_METADATA_DISABLED=true",
		"TMPDIR=" + t.TempDir(),
	}
	return p
}

// run waits for the end and returns the exit code, -1 after a kill.
func (w *world) run(t *testing.T, p *process) int {
	t.Helper()
	check(t, "start process", p.cmd.Start())
	close(p.started)
	return w.wait(t, p)
}

// signal is for hooks, which run in the servers that the process calls.
func (p *process) signal(sig os.Signal) {
	<-p.started
	_ = p.cmd.Process.Signal(sig)
}

func (w *world) wait(t *testing.T, p *process) int {
	t.Helper()
	err := p.cmd.Wait()
	fmt.Fprintf(w.output, "argv %s\nstdout %s\nstderr %s\n", strings.Join(p.cmd.Args, " "), p.stdout.String(), p.stderr.String())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run process: %v", err)
	}
	return p.cmd.ProcessState.ExitCode()
}
