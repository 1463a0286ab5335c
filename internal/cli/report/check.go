package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Check writes what is wrong with the secrets, the gravest first. A run that looked at none has nothing to show.
func Check(w io.Writer, page Page, r secrets.CheckResult) error {
	if len(r.Secrets) == 0 && len(r.Errors) > 0 {
		return nil
	}
	r = printable.Document(r)
	var b strings.Builder
	how := "read as "
	if r.NamesOnly {
		how = "names only, as "
	}
	b.WriteString(page.Style.Bold(source(r.Result)+"; "+how+r.ReadAs) + "\n")
	for _, severity := range []gen3.Severity{gen3.StopsPods, gen3.AtUse, gen3.JobsOnly, gen3.SyncOnly, gen3.Optional} {
		writeFindings(&b, page, r, severity)
	}
	if well := wellIn(r); len(well) > 0 {
		b.WriteString("\n" + page.Style.Bold("well") + "\n  " + page.Style.Dim("= "+page.laid(4, page.few(well))) + "\n")
	}
	writeDiffering(&b, page, r)
	writeAside(&b, page, r.Result)
	b.WriteString("\n" + page.Style.Bold(checked(r)) + "\n")
	if slices.ContainsFunc(r.Secrets, func(c secrets.Checked) bool { return c.State == reading.Missing }) {
		writeSources(&b, page)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeSources names the commands that fill in what is missing.
func writeSources(b *strings.Builder, page Page) {
	drop := append(ofThisRun(), "as-operator", "names-only", "only")
	writeNext(b, page, page.Again("secrets generate", drop, "--dry-run"), page.Again("secrets push", drop, "--dry-run"))
}

// severities says what comes of the findings of each kind.
func severities(s gen3.Severity) string {
	return map[gen3.Severity]string{
		gen3.StopsPods: "pods do not start", gen3.AtUse: "fails when it is used", gen3.JobsOnly: "jobs fail",
		gen3.SyncOnly: "nothing reads it; the ExternalSecret reports an error", gen3.Optional: "read as optional",
	}[s]
}

func writeFindings(b *strings.Builder, page Page, r secrets.CheckResult, severity gen3.Severity) {
	begun := false
	for _, c := range r.Secrets {
		for _, f := range c.Findings {
			if f.Severity != severity {
				continue
			}
			if !begun {
				begun = true
				b.WriteString("\n" + page.Style.Bold(severities(severity)) + "\n")
			}
			mark := page.Style.Yellow("~ " + c.Name)
			if severity == gen3.StopsPods {
				mark = page.Style.Red("! " + c.Name)
			}
			fmt.Fprintf(b, "  %s  %s\n", mark, f.Message)
			line := func(name string, texts ...string) {
				if len(texts) > 0 {
					fmt.Fprintf(b, "      %-7s  %s\n", name, page.laid(len("      read by  "), texts))
				}
			}
			line("read by", page.few(readersOf(f.Readers))...)
			line("set by", c.SetBy...)
			line("to do", f.Hint)
		}
	}
}

func wellIn(r secrets.CheckResult) []string {
	var out []string
	for _, c := range r.Secrets {
		if len(c.Findings) == 0 {
			out = append(out, c.Name)
		}
	}
	return out
}

// writeDiffering tells of what the operator and the caller see differently.
func writeDiffering(b *strings.Builder, page Page, r secrets.CheckResult) {
	begun := false
	for _, c := range r.Secrets {
		if c.AsCaller == "" || c.AsCaller == c.State {
			continue
		}
		if !begun {
			begun = true
			b.WriteString("\n" + page.Style.Bold("the operator and you see different things") + "\n")
		}
		fmt.Fprintf(b, "  %s  %s for the operator, %s for you\n", c.Name, c.State, c.AsCaller)
	}
}

// checked sums up in one line.
func checked(r secrets.CheckResult) string {
	out := []string{words.Counted(len(r.Secrets), "secret"), fmt.Sprintf("well: %d", len(wellIn(r)))}
	for _, s := range []struct {
		severity gen3.Severity
		text     string
	}{{gen3.StopsPods, "stopping pods"}, {gen3.AtUse, "failing at use"}, {gen3.JobsOnly, "failing jobs"}, {gen3.SyncOnly, "read by nobody"}, {gen3.Optional, "optional"}} {
		if n := r.Count(s.severity); n > 0 {
			out = append(out, fmt.Sprintf("%s: %d", s.text, n))
		}
	}
	return strings.Join(out, "; ")
}
