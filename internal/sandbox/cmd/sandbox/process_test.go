package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// roleVariable makes the test binary act as the command, or as a parent of it.
const roleVariable = "SANDBOX_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "sandbox":
		main()
	case "parent":
		beParent()
	default:
		os.Exit(m.Run())
	}
}

// beParent runs the command as a child with the same arguments and streams,
// but for stdin, which would end the child too when this process ends.
func beParent() {
	cmd := exec.CommandContext(context.Background(), os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), roleVariable+"=sandbox")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		os.Exit(1)
	}
}

// process is a running command and what it said when it was ready.
type process struct {
	ready

	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *strings.Builder
}

// startProcess runs the command in a role and waits for its line.
func startProcess(t *testing.T, role string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0], append([]string{"start"}, args...)...), stderr: &strings.Builder{}}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	p.cmd.Stderr = p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("read the line: %v; stderr: %s", err, p.stderr)
	}
	if err := json.Unmarshal(line, &p.ready); err != nil {
		t.Fatalf("line is not JSON: %v: %s", err, line)
	}
	return p
}

// checkGone checks that neither the process nor its directory is left.
func (p *process) checkGone(t *testing.T) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		_, err := os.Stat(p.Dir)
		return os.IsNotExist(err) && !running(p.PID), nil
	})
	if err != nil {
		t.Errorf("sandbox %d with %s is still there: %v", p.PID, p.Dir, err)
	}
}

// running is false also for a zombie, which an orphan may stay where nobody
// reaps orphans.
func running(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}
