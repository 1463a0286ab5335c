package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Proof says what a fragment of values changes of what is read from Secrets Manager, nothing where it was not rendered.
func Proof(w io.Writer, style tty.Style, p *values.Proof) {
	if p == nil {
		return
	}
	before := "not known"
	if p.Before != nil {
		before = words.Counted(len(p.Before), "name")
	}
	fmt.Fprintf(w, "rendered %s %s: read from Secrets Manager before: %s; with these values: %s\n",
		printable.Line(p.Chart.Name), printable.Line(p.Chart.Version), before, words.Counted(len(p.After), "name"))
	for _, name := range words.Without(p.Before, p.After) {
		fmt.Fprintf(w, "  %s %s\n", style.Red("-"), printable.Line(name))
	}
	for _, name := range words.Without(p.After, p.Before) {
		fmt.Fprintf(w, "  %s %s\n", style.Green("+"), printable.Line(name))
	}
	if len(p.Local) > 0 {
		fmt.Fprintf(w, "made by the chart and not read: %s\n", printable.Line(strings.Join(p.Local, ", ")))
	}
}
