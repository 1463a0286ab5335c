// Package words writes lists and numbers in messages.
package words

import (
	"fmt"
	"slices"
	"strings"
)

// Most is how many names of a long list are told, unless all are asked for. What one namespace or cluster holds may be
// thousands.
const Most = 10

// List is how a list of names is told.
type List struct{ All bool }

// Of tells the names with commas between them.
func (l List) Of(names []string) string { return l.Joined(names, ", ") }

// Joined tells the names with a separator between them. Of more than Most it counts the rest, unless all are told.
func (l List) Joined(names []string, separator string) string {
	if l.All || len(names) <= Most {
		return strings.Join(names, separator)
	}
	return fmt.Sprintf("%s%sand %d more", strings.Join(names[:Most], separator), separator, len(names)-Most)
}

// Without are the names that are none of the others.
func Without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// AddOnce adds x to a list, unless it is there.
func AddOnce[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

// Few tells the first of many, where nobody is served by all of them.
func Few(names []string) string { return List{}.Of(names) }

// Counted is a number with what is counted, in the singular where it is one: "1 user", "2 users".
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
