// Package hint attaches to an error what a person can do about it, apart from the error's own text, so that
// renderers can put it on lines of its own.
package hint

import (
	"errors"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

type hinted struct {
	error
	lines []string
}

func (h hinted) Unwrap() error { return h.error }

// With returns err carrying a hint, of which each argument is one line; a nil err stays nil, a hint of empty lines returns
// err itself. The text of err is unchanged.
func With(err error, lines ...string) error {
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line == "" })
	if err == nil || len(lines) == 0 {
		return err
	}
	return hinted{error: err, lines: lines}
}

// Lines returns the outermost hint that err carries.
func Lines(err error) []string {
	if h, ok := errors.AsType[hinted](err); ok {
		return slices.Clone(h.lines)
	}
	return nil
}

// Of is Lines as one text, with a line break between two of them and nowhere else: a name in a hint cannot begin a line,
// since one that holds a line break shows it as an escape.
func Of(err error) string {
	var out []string
	for _, line := range Lines(err) {
		out = append(out, printable.Escape(line))
	}
	return strings.Join(out, "\n")
}

// Split is the lines of a text that Of returned.
func Split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Change is a blocked change that an error is the reason of, with its hint; see Blocked for the way back.
func Change(err error) plan.Change {
	c := plan.Change{Action: plan.Blocked, Reason: err.Error(), Code: Code(err)}
	if lines := Lines(err); len(lines) > 0 {
		c.Hint, c.More = lines[0], lines[1:]
	}
	return c
}

// Blocked is a blocked change as an error, with its hint.
func Blocked(c plan.Change) error {
	code := c.Code
	if code == "" {
		code = c.Step + "-blocked"
	}
	return Coded(With(errors.New(c.Reason), append([]string{c.Hint}, c.More...)...), code)
}
