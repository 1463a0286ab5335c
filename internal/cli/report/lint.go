package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
	rules "github.com/uc-cdis/gen3-bootstrap/gen3/lint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Lint writes the findings as compilers do, a line each.
func Lint(w io.Writer, page Page, r lint.Result) error {
	r = printable.Document(r)
	var b strings.Builder
	for _, f := range r.Findings {
		where := f.File
		if f.Line > 0 {
			where += fmt.Sprintf(":%d:%d", f.Line, f.Column)
		}
		fmt.Fprintf(&b, "%s: %s %s [%s]\n", where, levelled(page, f.Level), f.Message, f.Rule)
		if f.Hint != "" {
			fmt.Fprintf(&b, "  %s %s\n", page.Style.Cyan("hint:"), f.Hint)
		}
	}
	b.WriteString(page.Style.Bold(fmt.Sprintf("%s, %s, %s", words.Counted(r.Count(rules.Error), "error"),
		words.Counted(r.Count(rules.Warning), "warning"), words.Counted(r.Count(rules.Note), "note"))) + "\n")
	if r.Count(rules.Error) == 0 && len(r.Errors) == 0 {
		writeNextAtTerminal(&b, page, page.Again("secrets list", append(ofThisRun(), "strict")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func levelled(page Page, level rules.Level) string {
	text := string(level) + ":"
	switch level {
	case rules.Error:
		return page.Style.Red(text)
	case rules.Warning:
		return page.Style.Yellow(text)
	case rules.Note:
	}
	return text
}
