package verify

import (
	"context"
	"strings"

	"github.com/xrash/smetrics"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
)

// nearest is the name most like the one that is missing; "" where none is like it. Most sites put the environment in front of a name,
// so that one which ends in the other is near.
func nearest(name string, names []string) string {
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

// listNames lists the names of secrets as the operator, or where that may not as the caller; nil where neither may.
func (l *look) listNames(ctx context.Context) []string {
	names, err := l.by.Names(ctx)
	if err != nil {
		names, err = reading.WithOwn(l.target.Aws).Names(ctx)
	}
	if err != nil {
		return nil // without them there is no advice, and that is all
	}
	return append([]string{}, names...)
}
