// Package tty knows what a stream can show: whether it is a terminal, how wide, and in colour or not.
package tty

import (
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// IsTerminal reports whether stream, a reader or a writer, is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the columns of a terminal; 80 when nothing tells.
func Width(stream any) int {
	const usual = 80
	f, ok := stream.(interface{ Fd() uintptr })
	if !ok {
		return usual
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return usual
}

// Columns returns how many columns printable text takes at most: two for a character of East Asia or a picture, none for
// a mark on a letter.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
