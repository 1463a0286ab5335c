package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const (
	widest = 72 // the longest resource that the column of reasons makes room for; a longer one pushes only its own reason
	indent = 6  // of what stands below a row
)

// writeChanges writes each change under the name of its step: symbol, action, resource and reason, and below it what is set and what differs.
// Where such lines would not fit, every reason goes below its resource. What is unchanged is shown only where all is.
func writeChanges(b *strings.Builder, page Page, tense Tense, r bootstrap.Result) {
	r.Changes = shown(page, r)
	if r.Command != "" {
		writeLegend(b, page, tense, r.Changes)
	}
	column, longest := columns(r)
	below := page.Width > 0 && len("  + not reached  ")+longest > page.Width
	step := ""
	for i, c := range r.Changes {
		if i == 0 || c.Step != step {
			step = c.Step
			b.WriteString("\n" + page.Style.Bold(step) + "\n")
		}
		w := wordingOf(c)
		action := w.in(tense)
		line := fmt.Sprintf("  %s %-9s  %-*s  %s", w.symbol, action, column, c.Resource, reason(c, r.Errors))
		if below {
			name := c.Resource.String()
			if 2+2+len(action)+2+utf8.RuneCountInString(name) > page.Width {
				name = brief(c.Resource)
			}
			lines := []string{fmt.Sprintf("  %s %s  %s", w.symbol, action, name)}
			for _, text := range page.wrapped(reason(c, r.Errors), indent) {
				lines = append(lines, strings.Repeat(" ", indent)+text)
			}
			line = strings.Join(lines, "\n")
		}
		b.WriteString(painted(page, w, strings.TrimRight(line, " \n")) + "\n")
		writeFields(b, page, c)
	}
}

// painted colours each line by itself, so that a line taken out of the text keeps its colour.
func painted(page Page, w verbs, text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = w.paint(page.Style, lines[i])
	}
	return strings.Join(lines, "\n")
}

// shown are the changes that are written: those that are none only where everything is asked for, and in a teardown, which says what it
// keeps. What is blocked stands with its cure among
// the errors, which a terminal shows right below.
func shown(page Page, r bootstrap.Result) []plan.Change {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c plan.Change) bool {
		return c.Action == plan.None && !c.Unwell && !page.All && r.Command != teardownCommand || page.Width > 0 && told(c, r.Errors)
	})
}

// writeLegend explains the symbols that follow.
func writeLegend(b *strings.Builder, page Page, tense Tense, changes []plan.Change) {
	var words []string
	for _, c := range changes {
		w := wordingOf(c)
		if text := w.symbol + " " + w.in(tense); !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	if len(words) > 0 {
		b.WriteString(page.Style.Dim(strings.Join(words, "   ")) + "\n")
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

// brief is a resource by its name, where its ARN would be too long for a line. The account stands above all rows.
func brief(r plan.Resource) string {
	if arn, ok := strings.CutPrefix(r.Name, "arn:"); ok {
		_, path, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
		r.Name = path
	}
	return r.String()
}

// reason returns why, unless the errors say just that: stderr then has it, with the hint.
func reason(c plan.Change, errors []bootstrap.Problem) string {
	if told(c, errors) {
		return "see the error"
	}
	return c.Reason
}

// told reports whether an error says why a change is blocked.
func told(c plan.Change, errors []bootstrap.Problem) bool {
	return c.Action == plan.Blocked && slices.ContainsFunc(errors, func(p bootstrap.Problem) bool { return p.Message == c.Reason })
}

// count sums a result up in one line.
func count(page Page, r bootstrap.Result, tense Tense) string {
	number, unchanged := make(map[string]int), 0
	for _, c := range r.Changes {
		if c.Action == plan.None {
			unchanged++
		}
		number[wordingOf(c).counted(tense)]++
	}
	unwell := ""
	if n := plan.Unwell(r.Changes); n > 0 {
		unwell = fmt.Sprintf("; %d not well", n)
	}
	if unchanged == len(r.Changes) && len(r.Errors) == 0 {
		return nothingToDo(r.Command, unchanged-plan.Unwell(r.Changes)) + unwell
	}
	var parts []string
	for _, w := range allWordings() {
		if n := number[w.counted(tense)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w.counted(tense)))
		}
	}
	if unchanged > 0 && !page.All && r.Command != teardownCommand {
		parts[len(parts)-1] += " (--all shows them)"
	}
	line := r.Command + ": " + strings.Join(parts, ", ")
	if len(r.Errors) > 0 && (number[wording(plan.Blocked).counted(tense)] == 0 || r.Changed) {
		line = r.Command + " did not finish: " + strings.Join(parts, ", ")
	}
	line += unwell
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
