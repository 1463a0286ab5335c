package tty

// Style puts text in colour, or leaves it alone. The zero value leaves it alone.
type Style struct{ on bool }

// Colour returns the style that uses colours.
func Colour() Style { return Style{on: true} }

// StyleFor returns the style for a stream: colour on a terminal only, and not where the operator does not want it
// (https://no-color.org) or the terminal cannot.
func StyleFor(stream any, getenv func(string) string, never bool) Style {
	return Style{on: !never && IsTerminal(stream) && welcome(getenv)}
}

// welcome reports whether a terminal may be given colours.
func welcome(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// Bold is for headings.
func (s Style) Bold(text string) string { return s.sgr("1", text) }

// Dim is for what needs no attention.
func (s Style) Dim(text string) string { return s.sgr("2", text) }

// Red is for what failed or goes away.
func (s Style) Red(text string) string { return s.sgr("31", text) }

// Green is for what is made or done.
func (s Style) Green(text string) string { return s.sgr("32", text) }

// Yellow is for what changes, and for warnings.
func (s Style) Yellow(text string) string { return s.sgr("33", text) }

// Cyan is for what changes hands, and for hints.
func (s Style) Cyan(text string) string { return s.sgr("36", text) }

func (s Style) sgr(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
