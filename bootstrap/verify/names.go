package verify

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
)

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
