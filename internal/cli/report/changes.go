package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// widest is the longest resource that the column of reasons makes room for; a longer one pushes only its own reason.
const widest = 72

// writeChanges writes each change under the name of its step: symbol, action, resource and reason. Where such lines would
// not fit, every reason goes below its resource.
func writeChanges(b *strings.Builder, page Page, tense Tense, r bootstrap.Result) {
	column, longest := columns(r)
	const before = len("  + unchanged  ")
	below := page.Width > 0 && before+longest > page.Width
	step := ""
	for i, c := range r.Changes {
		if i == 0 || c.Step != step {
			step = c.Step
			b.WriteString("\n" + page.Style.Bold(step) + "\n")
		}
		w := wording(c.Action)
		line := fmt.Sprintf("  %s %-9s  %-*s  %s", w.symbol, w.in(tense), column, c.Resource, reason(c, r.Errors))
		if below {
			line = fmt.Sprintf("  %s %-9s  %s\n%*s%s", w.symbol, w.in(tense), c.Resource, before, "", reason(c, r.Errors))
		}
		b.WriteString(w.paint(page.Style, strings.TrimRight(line, " \n")) + "\n")
	}
}

// columns returns the width of the column of resources, and of the longest resource with its reason.
func columns(r bootstrap.Result) (column, longest int) {
	for _, c := range r.Changes {
		if n := utf8.RuneCountInString(c.Resource.String()); n <= widest {
			column = max(column, n)
		}
	}
	for _, c := range r.Changes {
		width := max(column, utf8.RuneCountInString(c.Resource.String())) + len("  ") + utf8.RuneCountInString(reason(c, r.Errors))
		longest = max(longest, width)
	}
	return column, longest
}

// reason returns why, unless the errors say just that: stderr then has it, with the hint.
func reason(c plan.Change, errors []bootstrap.Problem) string {
	for _, p := range errors {
		if c.Action == plan.Blocked && p.Message == c.Reason {
			return "see the error"
		}
	}
	return c.Reason
}

// count sums a result up in one line.
func count(r bootstrap.Result, tense Tense) string {
	number := make(map[plan.Action]int)
	for _, c := range r.Changes {
		number[c.Action]++
	}
	wanted := number[plan.None]
	if wanted == len(r.Changes) && len(r.Errors) == 0 {
		return nothingToDo(r.Command, wanted)
	}
	var parts []string
	for _, a := range []plan.Action{plan.Create, plan.Update, plan.Delete, plan.Adopt, plan.Blocked, plan.None} {
		if number[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", number[a], wording(a).counted(tense)))
		}
	}
	line := r.Command + ": " + strings.Join(parts, ", ")
	if len(r.Errors) > 0 && (number[plan.Blocked] == 0 || r.Changed) {
		line = r.Command + " did not finish: " + strings.Join(parts, ", ")
	}
	switch {
	case tense == Done:
		line += fmt.Sprintf(", in %.1f s", r.DurationSeconds)
	case refused(r):
		line += "; nothing was written"
	}
	return line
}

func nothingToDo(command string, wanted int) string {
	if command == teardownCommand {
		return "nothing to do: there is nothing that gen3-bootstrap would delete"
	}
	if wanted == 1 {
		return "nothing to do: 1 resource is up to date"
	}
	return fmt.Sprintf("nothing to do: %d resources are up to date", wanted)
}
