package words

import "strings"

// The API server repeats a whole object that it cannot take: what is wrong with it stands behind that.
const briefHead, briefTail = 240, 160

// Brief takes the middle out of a long text, line breaks and all.
func Brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= briefHead+briefTail {
		return text
	}
	return string(runes[:briefHead]) + " … " + string(runes[len(runes)-briefTail:])
}

// BriefError says in short what it wraps.
type BriefError struct{ Err error }

func (e BriefError) Error() string { return Brief(e.Err.Error()) }

func (e BriefError) Unwrap() error { return e.Err }
