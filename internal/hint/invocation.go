package hint

import "slices"

// Invocation is how this program was called, as far as a command that it advises has to repeat that: flags, each followed by its
// value, such as "--account", "111122223333". A command without them would ask for them, or go to another cluster.
type Invocation []string

// Command is a command of this program for the same target. A flag that words have is not repeated.
func (i Invocation) Command(words ...string) string {
	all := append([]string{"gen3-bootstrap"}, words...)
	for pair := range slices.Chunk(i, 2) {
		if !slices.Contains(words, pair[0]) {
			all = append(all, pair...)
		}
	}
	return Command(all...)
}
