package report

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/mitchellh/go-wordwrap"
	"github.com/pmezard/go-difflib/difflib"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// writeFields writes below a row what is set, and line by line what differs.
func writeFields(b *strings.Builder, page Page, c plan.Change) {
	for _, f := range c.Fields {
		whole := c.Action == plan.Create || c.Action == plan.None // what it is, and no difference
		if reflect.DeepEqual(f.Before, f.After) {                 // what it stays
			f.Before, whole = nil, true
		}
		mark := ""
		if f.Mark != "" {
			mark = "  " + page.Style.Red("("+f.Mark+")")
		}
		before, after := lines(f.Before), lines(f.After)
		short := len(before) <= 1 && len(after) <= 1 && !several(f.Before) && !several(f.After)
		switch {
		case f.Before == nil && whole && len(after) == 1:
			page.put(b, page.Style.Dim, f.Name+": ", after[0], mark)
		case f.Before == nil && whole:
			page.put(b, page.Style.Dim, f.Name+":", "", mark)
			for _, line := range page.limited(after) {
				page.put(b, page.Style.Dim, "  ", line, "")
			}
		case short:
			page.put(b, plainly, f.Name+": ", orNone(before)+" → "+orNone(after), mark)
		default:
			page.put(b, plainly, f.Name+":", "", mark)
			writeDiff(b, page, before, after)
		}
	}
}

// writeDiff writes the lines that go and those that come, and none of those that stay.
func writeDiff(b *strings.Builder, page Page, before, after []string) {
	var gone, come []string
	for _, op := range difflib.NewMatcher(before, after).GetOpCodes() {
		if op.Tag != 'e' {
			gone, come = append(gone, before[op.I1:op.I2]...), append(come, after[op.J1:op.J2]...)
		}
	}
	for _, line := range page.limited(gone) {
		page.put(b, page.Style.Red, "- ", line, "")
	}
	for _, line := range page.limited(come) {
		page.put(b, page.Style.Green, "+ ", line, "")
	}
}

func plainly(text string) string { return text }

// put writes one text below a row, broken between words where the line would be too long.
func (p Page) put(b *strings.Builder, paint func(string) string, head, text, tail string) {
	in := indent + len(head)
	if text == "" {
		b.WriteString(strings.Repeat(" ", indent) + paint(head) + tail + "\n")
		return
	}
	if p.Width > 0 && len(head) > 2 && slices.ContainsFunc(strings.Fields(text), func(word string) bool { return in+len(word) > p.Width }) {
		b.WriteString(strings.Repeat(" ", indent) + paint(strings.TrimRight(head, " ")) + tail + "\n") // a long word gets lines of its own
		head, tail, in = "  ", "", indent+2
	}
	broken := p.wrapped(text, in)
	for i, line := range broken {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		b.WriteString(strings.Repeat(" ", indent) + paint(head+line))
		if i == len(broken)-1 {
			b.WriteString(tail)
		}
		b.WriteString("\n")
	}
}

// wrapped breaks a text between words into lines that fit the page behind that many columns. A word is never broken.
func (p Page) wrapped(text string, columns int) []string {
	if p.Width == 0 || text == "" {
		return slices.DeleteFunc([]string{text}, func(s string) bool { return s == "" })
	}
	return strings.Split(wordwrap.WrapString(text, uint(max(20, p.Width-columns))), "\n")
}

// limited is first for what is set, of which a reader wants to see more.
func (p Page) limited(all []string) []string {
	const most = 40
	if p.All || len(all) <= most {
		return all
	}
	return append(slices.Clone(all[:most]), fmt.Sprintf("… and %d more (--all shows them)", len(all)-most))
}

// lines are a field's value, a line each.
func lines(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case []string:
		return v
	case map[string]string:
		var out []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, key+"="+v[key])
		}
		return out
	default:
		return []string{fmt.Sprint(v)}
	}
}

// several reports whether a value is a list, whose lines are compared one by one.
func several(value any) bool {
	switch value.(type) {
	case []string, map[string]string:
		return true
	default:
		return false
	}
}

func orNone(lines []string) string {
	if len(lines) == 0 {
		return "(none)"
	}
	return lines[0]
}
