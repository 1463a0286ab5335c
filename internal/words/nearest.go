package words

import (
	"strings"

	"github.com/xrash/smetrics"
)

// Nearest is the name most like the one that is missing; "" where none is like it. Most sites put the environment in front of a name,
// so that one which ends in the other is near.
func Nearest(name string, names []string) string {
	const most = 200 // longer names are of no use to anybody, and dear to compare
	best, least := "", len(name)/3+1
	if name == "" || len(name) > most {
		return ""
	}
	for _, other := range names {
		if other == name || len(other) > most {
			continue
		}
		distance := smetrics.WagnerFischer(strings.ToLower(name), strings.ToLower(other), 1, 1, 1)
		if strings.HasSuffix(other, name) || strings.HasSuffix(name, other) && len(other) > 3 {
			distance = 1
		}
		if distance < least || distance == least && best == "" {
			best, least = other, distance
		}
	}
	return best
}
