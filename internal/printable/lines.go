package printable

import (
	"io"
	"strings"
)

// Lines returns a writer for a log that writes a whole line at a time, as slog's handlers do: whatever stands in one, it
// stays one line, though as long as it is.
func Lines(w io.Writer) io.Writer { return lines{w} }

type lines struct{ w io.Writer }

// Write implements io.Writer.
func (l lines) Write(line []byte) (int, error) {
	if _, err := io.WriteString(l.w, Escape(strings.TrimSuffix(string(line), "\n"))+"\n"); err != nil {
		return 0, err // of a stream that the caller named
	}
	return len(line), nil
}
