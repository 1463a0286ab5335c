package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
)

// TestHelp also shows that the environment does not change what the help calls a default.
func TestHelp(t *testing.T) {
	for _, args := range []string{
		"--help", "up --help", "plan --help", "status --help", "verify --help", "rotate --help", "teardown --help", "values --help", "version --help",
		"up --help-all", "teardown --help-all", "secrets", "secrets list --help", "secrets check --help", "secrets push --help", "secrets generate --help", "lint --help", "config export --help",
	} {
		t.Run(args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Run(t.Context(), Process{
				Args: append([]string{program}, strings.Fields(args)...), Stdout: &stdout, Stderr: &stderr,
				Getenv: func(string) string { return "1" },
			})
			if code != ExitOK || stderr.Len() > 0 {
				t.Fatalf("exit code %d, stderr:\n%s", code, stderr.String())
			}
			golden.Equal(t, stdout.String())
		})
	}
}

func TestHelpFitsItsWidth(t *testing.T) {
	for _, c := range commands(Process{}) {
		const screen = 42
		if n := strings.Count(commandHelp(c), "\n"); n > screen {
			t.Errorf("%s: %d lines", c.name, n)
		}
		for _, help := range []string{commandHelp(c), helpAll(c)} {
			if strings.Contains(help, "{{") {
				t.Errorf("%s: urfave would take the help for a template", c.name)
			}
			if strings.Contains(help, "-o json prints") {
				t.Errorf("%s: documents are described in docs/json.md", c.name)
			}
			for line := range strings.Lines(help) {
				if n := len([]rune(line)) - 1; n > helpWidth {
					t.Errorf("%s: %d columns: %s", c.name, n, line)
				}
			}
		}
	}
}

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Minute: "10m", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s",
		15 * time.Second: "15s", 500 * time.Millisecond: "500ms",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%s: got %s", want, got)
		}
	}
}
