package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// half is a run that makes the policy and fails at the user.
func half(err error) work {
	change := plan.Change{Step: "iam-policy", Resource: plan.Of("iam-policy", "p"), Action: plan.Create, Reason: "it does not exist"}
	return func(_ context.Context, _ bootstrap.Settings, env bootstrap.Env) (bootstrap.Result, error) {
		env.Sink.Emit(event.Event{Type: event.Changed, Step: "iam-policy", Change: &change})
		env.Log.Debug("for developers")
		return bootstrap.Result{
			Changed: true, Changes: []plan.Change{change}, Warnings: bootstrap.Warned("test", "mind the gap"),
			Errors: []bootstrap.Problem{{Step: "iam-user", Message: "create user u: denied", Hint: "ask"}},
		}, err
	}
}

// outcome is what a session left behind.
type outcome struct {
	stdout, stderr string
	code           int
}

func runSession(t *testing.T, in *inputs, do work) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := Process{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now,
		Getenv: func(string) string { return "" },
	}
	_, err := newSession(p, in, "up", report.Done).run(t.Context(), do)
	return outcome{stdout.String(), stderr.String(), ExitCode(err)}
}

func TestFailureInText(t *testing.T) {
	got := runSession(t, newInputs(), half(bootstrap.ErrFailed))
	want := `iam-policy: created iam-policy/p
warning: mind the gap
gen3-bootstrap: error: iam-user: create user u: denied
hint: ask
hint: what was made is kept; run the same command again to resume
`
	if got.stderr != want {
		t.Errorf("stderr:\n%s\nwant:\n%s", got.stderr, want)
	}
	if got.code != ExitFailure || !strings.Contains(got.stdout, "+ created") {
		t.Errorf("exit code %d, stdout:\n%s", got.code, got.stdout)
	}
}

func TestQuietKeepsWarningsAndErrors(t *testing.T) {
	in := newInputs()
	in.quiet = true
	got := runSession(t, in, half(bootstrap.ErrFailed))
	if strings.Contains(got.stderr, "created") || !strings.Contains(got.stderr, "warning:") || !strings.Contains(got.stderr, "error:") {
		t.Errorf("stderr:\n%s", got.stderr)
	}
}

func TestVerboseLogs(t *testing.T) {
	in := newInputs()
	in.verbose = true
	for _, in.quiet = range []bool{false, true} {
		if got := runSession(t, in, half(nil)); !strings.Contains(got.stderr, "for developers") {
			t.Errorf("quiet %v, stderr:\n%s", in.quiet, got.stderr)
		}
	}
}

func TestJSONIsOneDocumentWhateverHappens(t *testing.T) {
	for name, c := range map[string]struct {
		do   work
		code int
		said string // in errors
	}{
		"failure":     {half(bootstrap.ErrFailed), ExitFailure, "create user u: denied"},
		"interrupted": {half(bootstrap.ErrInterrupted), ExitInterrupted, "create user u: denied"},
		"no result": {func(context.Context, bootstrap.Settings, bootstrap.Env) (bootstrap.Result, error) {
			return bootstrap.Result{}, errors.New("load kubeconfig: gone")
		}, ExitFailure, "load kubeconfig: gone"},
		"success": {func(context.Context, bootstrap.Settings, bootstrap.Env) (bootstrap.Result, error) {
			return bootstrap.Result{}, nil
		}, ExitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInputs()
			in.output = outputJSON
			got := runSession(t, in, c.do)
			var doc bootstrap.Result
			if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil {
				t.Fatalf("%v in:\n%s", err, got.stdout)
			}
			var all strings.Builder
			for _, p := range doc.Errors {
				all.WriteString(p.Message)
			}
			said := all.String()
			if got.code != c.code || said != c.said || doc.Command != "up" {
				t.Errorf("exit code %d, command %q, errors %q", got.code, doc.Command, said)
			}
		})
	}
}

func TestInterruptionIsSaidAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	p := Process{Stdout: &bytes.Buffer{}, Stderr: &stderr, Now: time.Now, Getenv: func(string) string { return "" }}
	noticed := make(chan struct{})
	do := func(ctx context.Context, _ bootstrap.Settings, _ bootstrap.Env) (bootstrap.Result, error) {
		// Registered after the session's own, yet both run in goroutines of their own: the test waits for the text.
		context.AfterFunc(ctx, func() { close(noticed) })
		cancel()
		<-noticed
		return bootstrap.Result{}, bootstrap.ErrInterrupted
	}
	_, err := newSession(p, newInputs(), "up", report.Done).run(ctx, do)
	if ExitCode(err) != ExitInterrupted {
		t.Errorf("exit code %d", ExitCode(err))
	}
	if !strings.Contains(stderr.String(), "gen3-bootstrap: error: interrupted") {
		t.Errorf("stderr:\n%s", stderr.String())
	}
}

func TestLostResult(t *testing.T) {
	var stderr bytes.Buffer
	if err := written(&stderr, syscall.EPIPE); err != nil || stderr.Len() > 0 {
		t.Errorf("a reader that went away: %v, %q", err, stderr.String())
	}
	err := written(&stderr, syscall.ENOSPC)
	if ExitCode(err) != ExitFailure || !strings.Contains(stderr.String(), "write result to stdout: no space left") {
		t.Errorf("a full disk: %v, %q", err, stderr.String())
	}
}

func TestNobodyIsAskedWithoutATerminal(t *testing.T) {
	p := Process{Stdin: strings.NewReader("prod\n"), Stderr: &bytes.Buffer{}}
	env := session{Process: p, inputs: &inputs{}}.env(nil)
	if env.Confirm != nil || env.Ask != nil || env.Terminal != nil || env.Stderr != nil {
		t.Error("a pipe would be asked")
	}
}

func TestAsk(t *testing.T) {
	for answer, want := range map[string]bool{"prod\n": true, " prod \n": true, //nolint:gocritic // blanks around the answer are the case
		"prod": true, "yes\n": false, "Prod\n": false, "": false} {
		var stderr bytes.Buffer
		got, err := ask(t.Context(), strings.NewReader(answer), &stderr, bootstrap.Question{
			Asks: "teardown of this:", Note: "Think twice.", Want: "prod",
			Items: []bootstrap.QuestionItem{{Name: "none", Text: "iam-user/u: not ours"}, {Name: "delete", Text: "iam-role/r: ours"}},
		}, report.Page{})
		if err != nil || got != want {
			t.Errorf("answer %q: %v, %v", answer, got, err)
		}
		if want := "teardown of this:\n  none    iam-user/u: not ours\n  delete  iam-role/r: ours\nThink twice.\ntype prod to go on: "; stderr.String() != want {
			t.Errorf("asked %q", stderr.String())
		}
	}
}
