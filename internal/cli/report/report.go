// Package report prints what a run found and did: the result as text or JSON on stdout, and warnings, errors and hints
// on stderr. It reads what bootstrap's commands return.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Tense says whether the changes of a result were made or are to be made.
type Tense int

// The tenses.
const (
	Done    Tense = iota // changes were made
	Pending              // changes would be made
)

// Complete makes a result fit to print: it names the command, and an error that the result does not tell of is added.
func Complete(r bootstrap.Result, command string, err error) bootstrap.Result {
	r.Command = command // up --dry-run is the engine's plan, and yet the operator's up
	if err != nil && len(r.Errors) == 0 {
		r.Errors = []bootstrap.Problem{{Message: err.Error(), Hint: hint.Of(err), Code: cmp.Or(hint.Code(err), "failed")}}
	}
	r.Errors = once(r.Errors)
	r.Warnings = once(r.Warnings)
	return r
}

// once drops what is there a second time, and keeps the order.
func once[T comparable](all []T) []T {
	out := []T{}
	for _, x := range all {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// escaped writes what does not print, and in a document stands in texts alone, as JSON spells it in ASCII: the document
// says the same, and is harmless on a terminal.
func escaped(document []byte) []byte {
	out := make([]byte, 0, len(document))
	for _, r := range string(document) {
		switch {
		case r == '\n' || printable.Is(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
