package main

import (
	"net/http"
	"os"
	"syscall"
	"testing"
)

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	p := startProcess(t, "sandbox", "--dir", t.TempDir(), "--charts-cache", t.TempDir())
	if p.PID != p.cmd.Process.Pid || p.Account != awsAccount || p.Region != awsRegion || p.AccessKeyID == "" || p.SecretAccessKey == "" {
		t.Errorf("line says %+v", p.ready)
	}
	for _, file := range []string{p.Kubeconfig, p.RestrictedKubeconfig} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	if got := status(t, p.ChartRepo+"/index.yaml"); got != http.StatusOK {
		t.Errorf("index of the chart repository: status %d", got)
	}
	if got := status(t, p.AWSEndpoint); got == 0 {
		t.Errorf("AWS: status %d", got)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("ended by SIGTERM: %v", err)
	}
	if p.stderr.Len() > 0 {
		t.Errorf("stderr is not empty: %s", p.stderr)
	}
	p.checkGone(t)
}

func TestEndsWithStdin(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	killed := startProcess(t, "sandbox", "--dir", base, "--charts=false", "--aws=false")
	if killed.ChartRepo != "" || killed.AWSEndpoint != "" || killed.AccessKeyID != "" {
		t.Errorf("line of a bare sandbox says %+v", killed.ready)
	}
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.cmd.Wait() // says that it was killed
	if _, err := os.Stat(killed.Dir); err != nil {
		t.Fatalf("a killed sandbox removed its directory: %v", err)
	}
	next := startProcess(t, "sandbox", "--dir", base, "--charts=false", "--aws=false", "--until-stdin-closes")
	killed.checkGone(t) // removed by the next start
	if err := next.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := next.cmd.Wait(); err != nil {
		t.Errorf("ended by stdin: %v", err)
	}
	next.checkGone(t)
}

func TestEndsWithParent(t *testing.T) {
	t.Parallel()
	p := startProcess(t, "parent", "--dir", t.TempDir(), "--charts=false", "--aws=false")
	if p.PID == p.cmd.Process.Pid {
		t.Fatal("the parent is the sandbox")
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Release() // Wait would wait for the child, which holds the streams
	p.checkGone(t)
}
