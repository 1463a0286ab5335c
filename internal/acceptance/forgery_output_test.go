package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// hostile is text that repaints a terminal, begins a line of its own, turns its direction around, ends a YAML value and
// runs a command where a shell reads it unquoted. The line that it begins starts with forgedLine.
const (
	forgedLine = "FORGED"
	hostile    = "x\x1b[1A\x1b[2K\r\n" + forgedLine + ": true\u202e\u2066;touch pwned;$(touch pwned)`touch pwned`'\"\\\u009b#"
)

// The limits of a run that meets a forgery. The processor's time is counted, since the tests share the machine.
const (
	mostMemory  = 300 << 10 // kilobytes
	mostCPU     = 6 * time.Second
	mostElapsed = 90 * time.Second
	longestLine = 10_000 // bytes: a policy document fits twice
)

// judgeOutput fails for whatever a terminal, a log's reader or a shell would take for more than text.
func judgeOutput(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s prints what is no UTF-8:\n%q", what, text)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.IndexFunc(line, isRaw); i >= 0 {
			r, _ := utf8.DecodeRuneInString(line[i:])
			t.Errorf("%s prints %U raw: %q", what, r, shorten(line, i))
			break
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) > longestLine {
			t.Errorf("%s prints a line of %d bytes: %q", what, len(line), shorten(line, 0))
			break
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimLeft(line, " \t-+~=!#:>"), forgedLine) {
			t.Errorf("%s prints a line that the forged text begins: %q", what, shorten(line, 0))
			break
		}
	}
	if strings.Contains(text, "panic:") || strings.Contains(text, "goroutine ") {
		t.Errorf("%s panics:\n%s", what, shorten(text, 0))
	}
}

// isRaw reports whether a character does something to a terminal or to the order of what stands beside it.
func isRaw(r rune) bool {
	return r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func shorten(text string, around int) string {
	from := max(0, around-80)
	return text[from:min(len(text), from+400)]
}

// mustBePasteable runs every command that the output advises, in a shell that knows nothing but touch: none may make a file.
func mustBePasteable(t *testing.T, what, text string) {
	t.Helper()
	dir := t.TempDir()
	tools := filepath.Join(dir, "bin")
	check(t, "make directory", os.Mkdir(tools, 0o755))
	touch, err := exec.LookPath("touch")
	check(t, "find touch", err)
	check(t, "link touch", os.Symlink(touch, filepath.Join(tools, "touch")))
	for _, name := range []string{"gen3-bootstrap", "aws", "kubectl", "helm"} {
		check(t, "make stub", os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"), 0o755))
	}
	for _, line := range advised(text) {
		shell := exec.Command("/bin/sh", "-c", line)
		shell.Dir, shell.Env = dir, []string{"PATH=" + tools}
		_ = shell.Run() // one that cannot be parsed runs nothing
		if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
			t.Errorf("%s advises a command that runs the forged text: %s", what, shorten(line, 0))
			return
		}
	}
}

// advised are the commands in a text: up to the end of their line, or of the backticks in which they stand.
func advised(text string) []string {
	command := regexp.MustCompile(`(gen3-bootstrap (up|plan|status|values|teardown)\b|aws iam |kubectl [a-z]|helm [a-z])`)
	var out []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		for _, at := range command.FindAllStringIndex(line, -1) {
			found := line[at[0]:]
			if at[0] > 0 && line[at[0]-1] == '`' {
				found, _, _ = strings.Cut(found, "`")
			}
			if strings.Contains(found, "pwned") && !seen[found] && len(out) < 20 {
				seen[found] = true
				out = append(out, found)
			}
		}
	}
	return out
}

// watchMemory follows a process while it runs, and returns its peak in kilobytes afterwards, 0 where there is no /proc. What the
// kernel counts for an ended process begins with the peak of the one that started it.
func (p *process) watchMemory() (peak func() int64) {
	done := make(chan int64, 1)
	go func() {
		<-p.started
		var most int64
		status := fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)
		for {
			text, err := os.ReadFile(status)
			_, rest, found := strings.Cut(string(text), "VmHWM:")
			if err != nil || !found { // it has ended
				done <- most
				return
			}
			now, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			most = max(most, now)
			<-time.After(2 * time.Millisecond)
		}
	}()
	return func() int64 { return <-done }
}

func judgeCost(t *testing.T, what string, memory int64, state *os.ProcessState, elapsed time.Duration) {
	t.Helper()
	cpu := state.UserTime() + state.SystemTime()
	if runtime.GOOS == "linux" && memory == 0 {
		t.Errorf("%s: nothing is known of its memory", what)
	}
	if memory > mostMemory || cpu > mostCPU || elapsed > mostElapsed {
		t.Errorf("%s took %d MB, %s of the processor and %s", what, memory>>10, cpu.Round(10*time.Millisecond), elapsed.Round(10*time.Millisecond))
	}
}

func (p *process) text() string { return fmt.Sprintf("%s\n%s", p.stdout.String(), p.stderr.String()) }
