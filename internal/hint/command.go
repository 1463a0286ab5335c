package hint

import (
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
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

// quote writes what does not print as an escape, in the form $'…' that bash and zsh read
// (https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html). A quotation mark is one there as well: a
// shell that does not know the form reads such a word wrongly, but never as a second command.
func quote(word string) string {
	if printable.Escape(word) == word {
		return shellescape.Quote(word)
	}
	return "$'" + printable.Escape(strings.NewReplacer(`\`, `\\`, "'", `\x27`).Replace(word)) + "'"
}
