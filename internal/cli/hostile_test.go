package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/progress"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable/hostile"
)

// TestCommandLinesAreToldPrintable gives hostile texts where a command line may hold any.
func TestCommandLinesAreToldPrintable(t *testing.T) { // not in parallel: see Run
	for what, text := range hostile.Texts() {
		for place, args := range map[string][]string{
			"an unknown flag": {"up", "--" + text}, "a short one": {"up", "-" + text}, "a flag before the command": {"--" + text, "up"},
			"an unknown command": {text}, "help on one": {"help", text}, "an argument": {"up", text}, "a duration": {"up", "--timeout", text},
			"a switch": {"up", "--yes=" + text}, "a choice": {"up", "-o", text}, "an age": {"status", "--max-key-age", text},
			"settings": {"plan", "--account", text, "--region", text, "-n", text, "--user-name", text, "--iam-path", text, "--tag", text, "--secret-name", text, "--gen3-version", text},
			"values":   {"values", "--offline", "--irsa", "--region", text, "--role-name", text},
		} {
			t.Run(place+" what "+what, func(t *testing.T) {
				for _, more := range [][]string{nil, {"-o", "json"}} {
					var stdout, stderr bytes.Buffer
					code := Run(t.Context(), Process{
						Args: append(append([]string{program}, args...), more...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
						Getenv: func(string) string { return "" }, Now: now,
					})
					hostile.Clean(t, stdout.String())
					hostile.Clean(t, stderr.String())
					if code != ExitFailure || stderr.Len() == 0 {
						t.Errorf("exit code %d: %s", code, stderr.String())
					}
					for line := range strings.Lines(stderr.String()) {
						if !strings.HasPrefix(line, "gen3-bootstrap: error: ") && !strings.HasPrefix(line, "hint: ") || strings.HasPrefix(line, "hint: curl") {
							t.Errorf("%.300q begins a line", line)
						}
					}
				}
			})
		}
	}
}

func TestEnvironmentIsToldPrintable(t *testing.T) { // not in parallel: see Run
	for what, text := range hostile.Texts() {
		var stderr bytes.Buffer
		Run(t.Context(), Process{
			Args: []string{program, "up"}, Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &stderr,
			Getenv: func(name string) string { return map[string]string{"GEN3_BOOTSTRAP_TIMEOUT": text}[name] }, Now: now,
		})
		hostile.Clean(t, stderr.String())
		if n := strings.Count(stderr.String(), "\n"); n != 2 {
			t.Errorf("%s: %d lines:\n%s", what, n, stderr.String())
		}
	}
}

func TestQuestionsArePrintable(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		var stderr bytes.Buffer
		q := hostile.Fill[bootstrap.Question](text)
		if _, err := ask(t.Context(), strings.NewReader("no\n"), &stderr, q, report.Page{Width: 80}); err != nil {
			t.Fatal(err)
		}
		hostile.Clean(t, stderr.String())
		stderr.Reset()
		q.Plan = nil
		if _, err := ask(t.Context(), strings.NewReader("no\n"), &stderr, q, report.Page{}); err != nil {
			t.Fatal(err)
		}
		hostile.Clean(t, stderr.String())
		if n := strings.Count(stderr.String(), "\n"); n != 4 { // the question, two items and the note; the last line is open
			t.Errorf("%s: %d lines:\n%s", what, n, stderr.String())
		}
	}
}

// TestLogsArePrintable: with --verbose, libraries log what servers say.
func TestLogsArePrintable(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		var stderr bytes.Buffer
		in := newInputs()
		in.verbose = true
		s := newSession(Process{Stderr: &stderr, Stdout: &bytes.Buffer{}, Getenv: func(string) string { return "" }, Now: now}, in, "up", report.Done)
		shown := progress.New(&stderr, progress.Plain(tty.Style{}), now)
		s.logger(shown).Debug(text, "key", text, slog.Group(text, "key "+text, text))
		shown.Close()
		hostile.Clean(t, stderr.String())
		if n := strings.Count(stderr.String(), "\n"); n != 1 {
			t.Errorf("%s: %d lines: %.300s", what, n, stderr.String())
		}
	}
}

// TestSessionsPrintNothingRaw runs a whole session whose every text is hostile.
func TestSessionsPrintNothingRaw(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got := runSession(t, newInputs(), func(context.Context, bootstrap.Settings, bootstrap.Env) (bootstrap.Result, error) {
				r := hostile.Fill[bootstrap.Result](text)
				for i := range r.Errors { // made by hint.Of, which leaves no line break in a line
					r.Errors[i].Hint = ""
				}
				return r, bootstrap.ErrFailed
			})
			hostile.Clean(t, got.stdout)
			hostile.Clean(t, got.stderr)
			for line := range strings.Lines(got.stderr) {
				if !strings.HasPrefix(line, "warning: ") && !strings.HasPrefix(line, "gen3-bootstrap: error: ") && !strings.HasPrefix(line, "hint: what was made stays") {
					t.Errorf("%.300q begins a line", line)
				}
			}
		})
	}
}

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
