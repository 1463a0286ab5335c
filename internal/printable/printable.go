// Package printable is the border for text: what comes from outside is made fit for a terminal, a log and a CI system
// here, and nowhere else. Names, tags, annotations, events and answers of servers are data: one of them may move no
// cursor, begin no line, and pass for nothing that it is not.
//
// Printers lay out; data does not. So a printer makes each datum printable by itself, before it aligns, cuts or colours
// it, and writes every line break and escape sequence of its own.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// most is how many characters a datum has on a line. It is much for a message and little for a flood.
const most = 2000

// roomForMark is what is left of them for the mark of what was cut.
const roomForMark = 64

// Line returns text fit for one line: what does not print is an escape as in Go, and what is too long is cut, with a mark
// that says so. A line break at its end is dropped, since many messages end in one. Made printable again it stays as it is.
func Line(text string) string {
	return escape(strings.TrimRight(text, "\r\n"), most)
}

// Escape is Line for text that must stay whole.
func Escape(text string) string { return escape(text, 0) }

// Is reports whether a character prints as what it is. Those that shift others about (bidirectional marks) or show as
// nothing (zero-width characters, fillers, variation selectors) do not; letters of any script do, and the marks on them.
func Is(r rune) bool {
	const blank = '\u2800' // of Braille: a symbol that shows as a space
	if r < unicode.MaxASCII {
		return r >= ' '
	}
	return strconv.IsPrint(r) && r != blank && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape writes text in at most limit characters; 0 is no limit.
func escape(text string, limit int) string {
	var out strings.Builder
	written, spaces := 0, 0
	cut, rest := 0, 0 // where to cut if need be: in out, and in text
	for at, width := 0, 0; at < len(text); at += width {
		var r rune
		r, width = utf8.DecodeRuneInString(text[at:])
		if spaces++; r != ' ' {
			spaces = 0
		}
		piece := form(r, text[at:at+width], spaces)
		if limit > 0 {
			if written <= limit-roomForMark {
				cut, rest = out.Len(), at
			}
			if written += utf8.RuneCountInString(piece); written > limit {
				return out.String()[:cut] + fmt.Sprintf("… (%d more characters; -o json has them)", utf8.RuneCountInString(text[rest:]))
			}
		}
		out.WriteString(piece)
	}
	return out.String()
}

// form is how a character is written that is the given one in a row of spaces. Many of them would push what follows to
// where a terminal begins its next line, as if it were one of ours.
func form(r rune, raw string, spaces int) string {
	const inARow = 2
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r == ' ' && spaces > inARow:
		return `\x20`
	case Is(r):
		return raw
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}
