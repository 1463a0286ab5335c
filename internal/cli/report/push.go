package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// SwitchOver writes what the operator does next, one numbered step below the other, with commands on lines of their own.
func SwitchOver(w io.Writer, page Page, steps []secrets.Instruction) error {
	if len(steps) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(page.Style.Cyan("next:") + " have External Secrets Operator make these Secrets\n")
	for i, step := range printable.Document(steps) {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, step.Text)
		for _, value := range step.Values {
			b.WriteString("     " + strings.Replace(value, "=", ": ", 1) + "\n")
		}
		for _, command := range step.Commands {
			b.WriteString("     " + command + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
