// Package hint attaches to an error what a person can do about it, apart from the error's own text, so that
// renderers can put it on a line of its own.
package hint

import "errors"

type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// With returns err carrying a hint; a nil err stays nil, an empty hint returns err itself. The text of err is unchanged.
func With(err error, text string) error {
	if err == nil || text == "" {
		return err
	}
	return hinted{error: err, hint: text}
}

// Of returns the outermost hint that err carries, or "".
func Of(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	return ""
}
