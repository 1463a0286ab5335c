// Package tty knows what a stream can show: whether it is a terminal, how wide, and in colour or not.
package tty

import (
	"golang.org/x/term"
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
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return usual
}
