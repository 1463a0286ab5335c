package hint

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

func TestCommandIsSafeToPaste(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		words []string
		want  string
	}{
		"plain":         {[]string{"aws", "iam", "delete-user", "--user-name", "a_b+c=d,e.f@g-h"}, "aws iam delete-user --user-name a_b+c=d,e.f@g-h"},
		"an ARN":        {[]string{"x", "arn:aws:iam::123456789012:policy/a/b"}, "x arn:aws:iam::123456789012:policy/a/b"},
		"a command":     {[]string{"x", "a`touch b`"}, "x 'a`touch b`'"},
		"a quote":       {[]string{"x", "it's; rm"}, `x 'it'"'"'s; rm'`},
		"empty":         {[]string{"x", ""}, "x ''"},
		"a line break":  {[]string{"x", "a\n'b\x1b\u202e"}, `x $'a\n\x27b\x1b\u202e'`},
		"a row of gaps": {[]string{"x", "a    b"}, `x $'a  \x20\x20b'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Command(test.words...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// words are what a name may hold at worst.
func words() []string {
	return []string{
		"", "-", "a b", "a    b", "`id`", "$(id)", "a;id", "a\nid", "a\r\nid", "'", "'\n'", "\\", "\\'\n;id;'", "\"\t\"", "!!", "~", "*", "\x1b[31m",
		"\u202egnp.exe", "a\u200bb", "é\u0301", "日本", "\xff\xfe", "a\u009b2Ja", "#", "--all", "\ufe0f",
	}
}

// TestShellsReadTheWordsBack pastes commands into real shells.
func TestShellsReadTheWordsBack(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "sh"} {
		path, err := exec.LookPath(shell)
		if err != nil && shell != "bash" {
			continue // the build needs bash and no other
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words() {
			out, err := exec.CommandContext(t.Context(), path, "-c", "LC_ALL=C.UTF-8; printf '%s|' "+Command("x", word, "y")).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %q: %v: %s", shell, word, err, out)
			}
			if shell == "sh" && printable.Escape(word) != word { // it may not know the form, but must run nothing
				if strings.Count(string(out), "|") != 3 || strings.Contains(string(out), "uid=") {
					t.Errorf("sh: %q: %q", word, out)
				}
				continue
			}
			if want := "x|" + word + "|y|"; string(out) != want {
				t.Errorf("%s: %q came back as %q from %s", shell, word, out, Command(word))
			}
		}
	}
}

// TestCommandsArePrintable: the border leaves a command as it is, so that it can be pasted.
func TestCommandsArePrintable(t *testing.T) {
	t.Parallel()
	for _, word := range words() {
		if command := Command("aws", word, word); printable.Line(command) != command {
			t.Errorf("%q: %q is printed as %q", word, command, printable.Line(command))
		}
	}
}
