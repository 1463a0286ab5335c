package hint

import (
	"slices"
	"strings"
)

// Invocation is how this program was called, as far as a command that it advises has to repeat that: flags, each followed by its
// value where it has one, such as "--account", "111122223333", "--irsa". A command without them would ask for them, or go to another cluster.
type Invocation []string

// Command is a command of this program for the same target. A flag that words have is not repeated.
func (i Invocation) Command(words ...string) string {
	all := append([]string{"gen3-bootstrap"}, words...)
	for _, flag := range i.flags() {
		if !slices.Contains(words, flag[0]) {
			all = append(all, flag...)
		}
	}
	return Command(all...)
}

// AWS is a command of the aws CLI for the same region and profile.
func (i Invocation) AWS(words ...string) string {
	all := append([]string{"aws"}, words...)
	for _, flag := range i.flags() {
		if flag[0] == "--region" || flag[0] == "--profile" {
			all = append(all, flag...)
		}
	}
	return Command(all...)
}

// flags takes it apart: each flag with its value, if it has one. No value begins with a hyphen.
func (i Invocation) flags() [][]string {
	var out [][]string
	for _, word := range i {
		if strings.HasPrefix(word, "-") {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], word)
	}
	return out
}
