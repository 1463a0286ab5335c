package bootstrap

import (
	"fmt"
	"strings"
)

// naming is how many of many names a message has. What one namespace or cluster holds may be thousands.
type naming struct{ all bool }

// mostNamed is how many names are told unless all are asked for.
const mostNamed = 10

func (n naming) of(names []string) string { return n.joined(names, ", ") }

func (n naming) joined(names []string, separator string) string {
	if n.all || len(names) <= mostNamed {
		return strings.Join(names, separator)
	}
	return fmt.Sprintf("%s%sand %d more", strings.Join(names[:mostNamed], separator), separator, len(names)-mostNamed)
}

// few names the first of many, where nobody is served by all of them.
func few(names []string) string { return naming{}.of(names) }
