package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestUsageErrors runs whole command lines: each is refused on stderr, with nothing on stdout.
func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"plan --acount 1":       "unknown flag --acount\nhint: did you mean --account?\nhint: see gen3-bootstrap plan --help",
		"plan --zzz":            "unknown flag --zzz\nhint: see gen3-bootstrap plan --help",
		"plam":                  "unknown command \"plam\"\nhint: did you mean plan?\nhint: see gen3-bootstrap --help",
		"help plam":             "unknown command \"plam\"\nhint: did you mean plan?\nhint: see gen3-bootstrap --help",
		"destroy":               "unknown command \"destroy\"\nhint: did you mean teardown?\nhint: see gen3-bootstrap --help",
		"--region r":            "no command is given\nhint: see gen3-bootstrap --help",
		"up prod --region r":    "unexpected argument \"prod\": no command takes any, and flags after it would have been ignored\nhint: see gen3-bootstrap up --help",
		"up --timeout 5":        "invalid value \"5\" for --timeout: must be a duration such as 90s, 10m or 1h30m\nhint: see gen3-bootstrap up --help",
		"up --yes=maybe":        "invalid value \"maybe\" for --yes: must be true or false\nhint: see gen3-bootstrap up --help",
		"up -o xml":             "invalid value \"xml\" for -o: must be text or json or yaml or markdown\nhint: see gen3-bootstrap up --help",
		"up --region":           "flag --region needs a value\nhint: see gen3-bootstrap up --help",
		"up -n a --namespace b": "flags -n and --namespace are the same: give one of them\nhint: see gen3-bootstrap up --help",
		"--version up":          "unknown flag --version\nhint: --chart-version is that of the operator's chart, --gen3-version that of the gen3 chart; gen3-bootstrap version prints this program's\nhint: see gen3-bootstrap up --help",
	} {
		t.Run(args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Run(t.Context(), Process{
				Args: append([]string{program}, strings.Fields(args)...), Stdout: &stdout, Stderr: &stderr,
				Getenv: func(string) string { return "" },
			})
			if got := stderr.String(); got != "gen3-bootstrap: error: "+want+"\n" {
				t.Errorf("stderr:\n%s", got)
			}
			if code != ExitFailure || stdout.Len() > 0 {
				t.Errorf("exit code %d, stdout:\n%s", code, stdout.String())
			}
		})
	}
}

// TestEmptyValuesAreRefused: a shell's unset variable must not mean the live cluster, or every name.
func TestEmptyValuesAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"teardown", "--cluster-id", ""}, {"teardown", "--user-name="}, {"up", "-n", ""}, {"status", "--context", ""}, {"up", "--role-name="},
	} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), Process{
			Args: append([]string{"gen3-bootstrap"}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
			Getenv: func(string) string { return "" }, Now: time.Now,
		})
		if code != 1 || !strings.Contains(stderr.String(), "empty") {
			t.Errorf("%q: exit code %d: %s", args, code, stderr.String())
		}
	}
}

func TestUsageErrorsComeInTheCommandsOwnDocument(t *testing.T) {
	for command, field := range map[string]string{"status": `"openMints"`, "values": `"gen3Version"`, "up": `"outputs"`} {
		var stdout, stderr bytes.Buffer
		Run(t.Context(), Process{
			Args: []string{"gen3-bootstrap", command, "--no-such-flag", "-o", "json"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
			Getenv: func(string) string { return "" }, Now: time.Now,
		})
		if !strings.Contains(stdout.String(), field) {
			t.Errorf("%s: no %s in %s", command, field, stdout.String())
		}
	}
}
