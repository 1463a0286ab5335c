package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3/generate"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Supplied writes what generate leaves to others: what is to be filled in of what it makes, and the secrets that it does not make, each with
// what must be in it.
func Supplied(w io.Writer, page Page, r secrets.GenerateResult) error {
	var b strings.Builder
	fill, notMade := printable.Document(r.Fill), printable.Document(r.NotMade)
	if len(fill) > 0 {
		b.WriteString("\n" + page.Style.Bold("to fill in: the chart has placeholders there, or nothing") + "\n")
	}
	for _, f := range fill {
		fmt.Fprintf(&b, "  %s  %s\n", page.Style.Cyan(f.Name), page.laid(len(f.Name)+4, page.few(f.Paths)))
	}
	if len(fill) > 0 {
		push := page.Invocation.Command("secrets", "push", "--only", "NAME", "--from-file", "NAME=FILE", "--overwrite", "NAME")
		b.WriteString("  read the secret into a file, fill it in there, and put it back; push takes -f, --gen3-chart and --gen3-version as here\n")
		b.WriteString("    " + page.Invocation.AWS("secretsmanager", "get-secret-value", "--secret-id", "NAME", "--query", "SecretString", "--output", "text") + " > FILE\n")
		b.WriteString("    " + push + "\n")
	}
	state := generate.State("")
	for _, s := range notMade {
		if s.State != state {
			b.WriteString("\n" + page.Style.Bold(heading(s.State)) + "\n")
			state = s.State
		}
		writeNotMade(&b, page, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func heading(s generate.State) string {
	switch s {
	case generate.Operators:
		return "not made: you have to supply them, with gen3-bootstrap secrets push --from-file NAME=FILE"
	case generate.ByJob:
		return "not made: a job fills them"
	case generate.InUse:
		return "not made: the cluster has them already"
	case generate.Blocked, generate.Make, generate.Exists:
	}
	return "not made: something is missing first"
}

func writeNotMade(b *strings.Builder, page Page, s secrets.NotMade) {
	name := s.Name
	if name == "" {
		name = "(no name)"
	}
	b.WriteString("  " + page.Style.Cyan(name) + "  " + needs(s.Secret) + "\n")
	line := func(name string, texts ...string) {
		if len(texts) > 0 && texts[0] != "" {
			fmt.Fprintf(b, "    %-7s  %s\n", name, page.laid(len("    read by  "), texts))
		}
	}
	line("why", s.Why)
	line("do", s.Hint)
	line("breaks", breaks(page, s.Secret)...)
	line("read by", page.few(readersOf(s.Readers))...)
	line("set by", s.SetBy...)
}
