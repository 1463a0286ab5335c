package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Markdown writes what a command has to say for a comment on a pull request or the summary of a job: its last line as the heading, the rest as
// a diff, and then what is wrong. Text from outside stands in a fence that none of it can close.
func Markdown(w io.Writer, command, text string, warnings []bootstrap.Warning, problems []bootstrap.Problem) error {
	var body []string
	verdict := ""
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "next:") {
			break
		}
		body = append(body, diffLine(line))
		if line != "" {
			verdict = line
		}
	}
	if len(problems) > 0 && !strings.HasPrefix(verdict, command) {
		verdict = command + ": failed"
	}
	var said []string
	for _, p := range problems {
		said = append(said, "error: "+printable.Line(p.Message))
		for hint := range strings.SplitSeq(p.Hint, "\n") {
			if hint != "" {
				said = append(said, "hint: "+printable.Line(hint))
			}
		}
	}
	for _, x := range warnings {
		said = append(said, "warning: "+printable.Line(x.Message))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### gen3-bootstrap %s\n\n", code(strings.TrimPrefix(verdict, "gen3-bootstrap ")))
	if strings.TrimSpace(text) != "" {
		b.WriteString(fenced("diff", strings.Join(body, "\n")))
	}
	if len(said) > 0 {
		b.WriteString("\n" + fenced("text", strings.Join(said, "\n")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// diffLine puts the sign of a line in front, where a diff has it.
func diffLine(line string) string {
	trimmed := strings.TrimLeft(line, " ")
	indented := len(line) - len(trimmed)
	if indented == 0 || len(trimmed) < 2 || trimmed[1] != ' ' {
		return line
	}
	switch trimmed[0] {
	case '+', '-':
		return trimmed[:1] + strings.Repeat(" ", indented) + trimmed[2:]
	case '~', '>', '!', 'x':
		return "!" + strings.Repeat(" ", indented) + trimmed[2:]
	}
	return line
}

// fenced is a text that stands as it is.
func fenced(kind, text string) string {
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	return fence + kind + "\n" + text + "\n" + fence + "\n"
}

// code is a line that stands as it is.
func code(text string) string {
	ticks := strings.Repeat("`", longestRun(text)+1)
	return ticks + " " + text + " " + ticks
}

// longestRun is how many backticks follow each other in a text.
func longestRun(text string) int {
	most, n := 0, 0
	for _, r := range text {
		if n++; r != '`' {
			n = 0
		}
		most = max(most, n)
	}
	return most
}
