package helminstall

import "strings"

// The API server repeats a whole object that it cannot take: what is wrong with it stands behind that.
const briefHead, briefTail = 240, 160

// brief takes the middle out of a long text, line breaks and all.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= briefHead+briefTail {
		return text
	}
	return string(runes[:briefHead]) + " … " + string(runes[len(runes)-briefTail:])
}

// briefError says in short what it wraps.
type briefError struct{ error }

func (e briefError) Error() string { return brief(e.error.Error()) }

func (e briefError) Unwrap() error { return e.error }
