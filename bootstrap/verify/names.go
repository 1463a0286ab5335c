package verify

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
)

// listNames lists the names of secrets as the operator, or where that may not as the caller; none where neither may.
func (l *look) listNames(ctx context.Context) []string {
	names, err := l.by.Names(ctx)
	if err != nil {
		names, _ = reading.WithOwn(l.target.Aws).Names(ctx) // without them there is no advice, and that is all
	}
	return names
}
