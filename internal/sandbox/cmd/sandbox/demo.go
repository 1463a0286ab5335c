package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// demo shows gen3-bootstrap, whose path is the one argument, do its work on a sandbox of its own.
func demo(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("sandbox demo", flag.ContinueOnError)
	fs.SetOutput(stderr)
	operator := fs.String("operator", "", "`path` of External Secrets Operator; with it a secret is synced (default: its pods are empty)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("demo takes one argument, the path of gen3-bootstrap")
	}
	fmt.Fprintln(stdout, "starting a sandbox: a Kubernetes API server with its controllers, a chart repository and a fake of AWS ...")
	where, stop, err := ownSandbox(ctx, *operator, stderr)
	if err != nil {
		return err
	}
	defer stop()
	d := demonstration{program: fs.Arg(0), sandbox: where, stdout: stdout, stderr: stderr}
	return d.play(ctx)
}

// ownSandbox starts this program once more, as the sandbox, which ends when stop closes its stdin.
func ownSandbox(ctx context.Context, operator string, stderr io.Writer) (where ready, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return ready{}, nil, fmt.Errorf("find own program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "start", "-until-stdin-closes", "-operator", operator)
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return ready{}, nil, fmt.Errorf("open sandbox's stdin: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return ready{}, nil, fmt.Errorf("open sandbox's stdout: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return ready{}, nil, fmt.Errorf("start sandbox: %w", err)
	}
	stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &where)
	}
	if err != nil {
		stop()
		return ready{}, nil, fmt.Errorf("read what the sandbox says: %w", err)
	}
	return where, stop, nil
}

// demonstration is a series of commands, each shown before it runs.
type demonstration struct {
	program        string
	sandbox        ready
	stdout, stderr io.Writer
}

// act is one command of the demonstration.
type act struct {
	why  string
	args []string
}

// making are the acts that take an empty account and cluster to where they should be.
func (d demonstration) making() []act {
	chart := []string{"--chart-repo", d.sandbox.ChartRepo}
	if d.sandbox.Operator == "" {
		chart = append(chart, "--set", "webhook.create=false") // nobody would serve it
	}
	return []act{
		{"what it would do to an empty account and cluster", d.with("plan", append(chart, "--create-namespace")...)},
		{"do it", d.with("up", append(chart, "--create-namespace")...)},
		{"again: nothing is changed, nothing is downloaded", d.with("up", chart...)},
		{"so a plan is empty, and says so with its exit code", d.with("plan", append(chart, "--detailed-exitcode")...)},
	}
}

// using are the acts that look at what was made, and use it. With an operator a secret is synced meanwhile.
func (d demonstration) using() []act {
	acts := []act{
		{"what is there, and how it is", d.with("status")},
	}
	if d.sandbox.Operator != "" {
		acts = append(acts, act{"prove that the cluster can read Secrets Manager, layer by layer", d.with("verify")})
	}
	acts = append(acts, act{"a new access key, with no gap", d.with("rotate")})
	if d.sandbox.Operator != "" {
		acts = append(acts, act{"which reads as well as the old one did", d.with("verify", "--strict")})
	}
	return acts
}

// ending are the acts that take it away.
func (d demonstration) ending() []act {
	return []act{
		{"take away what was made, and only that", d.with("teardown", "--yes")},
		{"again: nothing is left", d.with("teardown", "--yes")},
	}
}

func (d demonstration) with(command string, more ...string) []string {
	return append(append(strings.Fields(command), "--account", d.sandbox.Account, "--region", d.sandbox.Region, "--namespace", "gen3"), more...)
}

func (d demonstration) play(ctx context.Context) error {
	if err := d.showAll(ctx, d.making()); err != nil {
		return err
	}
	if err := d.proveKey(ctx); err != nil {
		return err
	}
	gone, err := d.deploy(ctx)
	if err == nil {
		err = d.showAll(ctx, d.using())
	}
	if err = errors.Join(err, gone()); err != nil {
		return err
	}
	return d.showAll(ctx, d.ending())
}

// deploy takes a gen3 deployment from nothing to where all of its secrets are there, if an operator runs. Gone takes it away.
func (d demonstration) deploy(ctx context.Context) (gone func() error, err error) {
	if d.sandbox.Operator == "" {
		return func() error { return nil }, nil
	}
	c, err := d.newCommons()
	if err != nil {
		return func() error { return nil }, err
	}
	return c.remove, c.play(ctx)
}

func (d demonstration) showAll(ctx context.Context, acts []act) error {
	for _, a := range acts {
		if err := d.show(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (d demonstration) show(ctx context.Context, a act) error {
	return d.run(ctx, a, d.stdout)
}

// output shows a command, and returns what it prints.
func (d demonstration) output(ctx context.Context, a act) ([]byte, error) {
	var out bytes.Buffer
	err := d.run(ctx, a, io.MultiWriter(d.stdout, &out))
	return out.Bytes(), err
}

func (d demonstration) run(ctx context.Context, a act, stdout io.Writer) error {
	fmt.Fprintf(d.stdout, "\n# %s\n$ gen3-bootstrap %s\n", a.why, strings.Join(a.args, " "))
	cmd := exec.CommandContext(ctx, d.program, a.args...)
	cmd.Stdout, cmd.Stderr = stdout, d.stderr
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+d.sandbox.Kubeconfig, "AWS_ENDPOINT_URL="+d.sandbox.AWSEndpoint,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false", "AWS_PROFILE=", "AWS_SESSION_TOKEN=",
		"AWS_ACCESS_KEY_ID="+d.sandbox.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+d.sandbox.SecretAccessKey)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("gen3-bootstrap %s: %w", a.args[0], err)
	}
	return nil
}
