package hint

import (
	"strconv"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Command writes a command so that it can be pasted into a shell: each word is quoted where a shell would read more into
// it than the word. Names in commands may come from others, such as tags or labels, so every command that a hint shows is
// made here.
func Command(words ...string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, quote(word))
	}
	return strings.Join(quoted, " ")
}

// quote keeps a word on one line: what does not print is written as an escape, in the form $'…' that bash and zsh read
// (https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html), which takes all of Go's own escapes.
func quote(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return shellescape.Quote(word)
	}
	inner := strconv.Quote(word)
	return "$'" + strings.ReplaceAll(inner[1:len(inner)-1], "'", `\'`) + "'"
}
