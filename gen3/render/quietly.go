package render

import (
	"bytes"
	"log"
	"strings"
	"sync"
)

// logging serializes what borrows Go's log, which is one for the process.
var logging sync.Mutex //nolint:gochecknoglobals // so is what it guards

// quietly runs what tells of values that it drops through Go's log alone, and returns these lines instead, each once. Helm quotes
// values in some of them: they are cut down to the key.
func quietly(do func() error) ([]string, error) {
	logging.Lock()
	defer logging.Unlock()
	var text bytes.Buffer
	before, flags, prefix := log.Writer(), log.Flags(), log.Prefix()
	log.SetOutput(&text)
	log.SetFlags(0)
	log.SetPrefix("")
	defer func() { log.SetOutput(before); log.SetFlags(flags); log.SetPrefix(prefix) }()
	err := do()
	var out []string
	seen := map[string]bool{}
	for line := range strings.Lines(text.String()) {
		if line = clash(strings.TrimSpace(line)); line != "" && !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	return out, err
}
