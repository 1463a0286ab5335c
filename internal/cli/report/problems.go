package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Warnings writes one line for each warning. Here and below a write error is of no interest: whoever closed stderr
// does not want to know.
func Warnings(w io.Writer, style tty.Style, warnings []bootstrap.Warning) {
	for _, warning := range warnings {
		fmt.Fprintf(w, "%s %s\n", style.Yellow("warning:"), printable.Line(warning.Message))
	}
}

// Problems writes each problem with what a person can do about it.
func Problems(w io.Writer, style tty.Style, problems []bootstrap.Problem) {
	for _, p := range problems {
		step := ""
		if p.Step != "" {
			step = printable.Line(p.Step) + ": "
		}
		fmt.Fprintf(w, "gen3-bootstrap: %s %s%s\n", style.Red("error:"), step, printable.Line(p.Message))
		Hint(w, style, p.Hint)
	}
}

// Hint writes each line of a hint, which is as from hint.Of, with its mark.
func Hint(w io.Writer, style tty.Style, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			fmt.Fprintf(w, "%s %s\n", style.Cyan("hint:"), printable.Line(line))
		}
	}
}

// Resume returns what to do after a run that failed half-way, or "".
func Resume(r bootstrap.Result, tense Tense) string {
	if tense == Pending || !r.Changed {
		return ""
	}
	if slices.ContainsFunc(r.Errors, func(p bootstrap.Problem) bool { return p.Code == iamsetup.CodeDenied }) {
		return "what was made is kept; the same command resumes when the rights are there"
	}
	if r.Command == teardownCommand {
		return "what was deleted is gone; run the same command again for the rest"
	}
	return "what was made is kept; run the same command again to resume"
}
