package eso

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// once runs the process until it ends, and tells the member when it serves. It returns an error however that goes.
func (m *member) once(ctx context.Context) error {
	dir := filepath.Join(m.fleet.opts.Dir, "pods", string(m.uid))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory of pod %s: %w", m.key, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if isWebhook(m.pod) {
		return m.webhook(ctx, dir)
	}
	return m.controllers(ctx, dir)
}

func (m *member) controllers(ctx context.Context, dir string) error {
	m.awaitKinds(ctx)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	account := m.pod.Spec.ServiceAccountName
	if err := m.fleet.cluster.WriteKubeconfig(ctx, kubeconfig, m.pod.Namespace, account); err != nil {
		return err
	}
	cmd := m.command(ctx, controllerArgs(m.pod), []string{
		"KUBECONFIG=" + kubeconfig,
		"AWS_SECRETSMANAGER_ENDPOINT=" + m.fleet.opts.AWSEndpoint, "AWS_STS_ENDPOINT=" + m.fleet.opts.AWSEndpoint,
		"AWS_EC2_METADATA_DISABLED=true",
	})
	return m.wait(cmd, func(log io.Reader) {
		if awaitControllers(log, awaited(m.pod)) {
			m.serves(0)
		}
		_, _ = io.Copy(io.Discard, log)
	})
}

// awaitKinds gives the CRDs of a release that is being installed a few seconds, as the pull of an image does: a controller
// that misses its kind at first looks again only after ten. Without CRDs it starts and fails as it would anywhere.
func (m *member) awaitKinds(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for !m.fleet.cluster.ServesKinds() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (m *member) webhook(ctx context.Context, dir string) error {
	issuer := m.fleet.ca
	if annotated(m.pod, WrongCertificateAnnotation) {
		issuer = m.fleet.stray
	}
	if err := issuer.issue(dir, option(m.pod, "dns-name")); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the wait for its port
	cmd := m.command(ctx, []string{"webhook", "--port", strconv.Itoa(port), "--cert-dir", dir}, nil)
	return m.wait(cmd, func(log io.Reader) {
		go func() {
			if awaitTLS(ctx, port) {
				m.serves(port)
			}
		}()
		_, _ = io.Copy(io.Discard, log)
	})
}

// command has nothing of this process's environment, so that no credentials of whoever runs the sandbox are used.
func (m *member) command(ctx context.Context, args, env []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, m.fleet.opts.Program, args...)
	cmd.Env = []string{"PATH="} // else an empty environment means this process's own
	for _, e := range container(m.pod).Env {
		if e.ValueFrom == nil {
			cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	cmd.WaitDelay = time.Second
	return cmd
}

// wait runs a command to its end, with its log in a file and read by watch. The pipe that is its stdin ends with this
// process, and it with that.
func (m *member) wait(cmd *exec.Cmd, watch func(log io.Reader)) error {
	log, err := os.OpenFile(filepath.Join(m.fleet.opts.Dir, "operator-"+m.pod.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log of pod %s: %w", m.key, err)
	}
	defer func() { _ = log.Close() }()
	if _, err := cmd.StdinPipe(); err != nil {
		return fmt.Errorf("open stdin of pod %s: %w", m.key, err)
	}
	read, write := io.Pipe()
	cmd.Stdout = io.MultiWriter(log, write)
	cmd.Stderr = cmd.Stdout
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(read)
	}()
	err = cmd.Run()
	_ = write.Close() // never fails
	<-watched
	if err == nil {
		return fmt.Errorf("operator of pod %s ended", m.key)
	}
	return fmt.Errorf("operator of pod %s: %w", m.key, err)
}

// awaitControllers reads a log until all that are named work, or until its end.
func awaitControllers(log io.Reader, names []string) bool {
	names = slices.Clone(names)
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return false
		}
		var entry struct {
			Message    string `json:"msg"`
			Controller string `json:"controller"`
		}
		if json.Unmarshal(bytes.TrimSpace(line), &entry) != nil {
			continue // a crash, or a library with a log of its own
		}
		if entry.Message == "Starting workers" {
			names = slices.DeleteFunc(names, func(name string) bool { return name == entry.Controller })
		}
		if len(names) == 0 {
			return true
		}
	}
}

// awaitTLS connects until that succeeds or ctx ends.
func awaitTLS(ctx context.Context, port int) bool {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // whom it trusts is for the API server to say
	for {
		conn, err := dialer.DialContext(ctx, "tcp", local(port))
		if err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePort is one that nobody listens on. Should somebody take it first, the process dies and is given another.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", local(0))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = ln.Close() }()
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("listen: unexpected address %s", ln.Addr())
	}
	return addr.Port, nil
}
