package hint

import "errors"

// coded is an error of a kind that programs tell apart.
type coded struct {
	error

	code string
}

func (c coded) Unwrap() error { return c.error }

// Coded gives an error the stable name of its kind, such as "bad-setting"; see docs/json.md. nil stays nil.
func Coded(err error, code string) error {
	if err == nil {
		return nil
	}
	return coded{err, code}
}

// Code is the name of the kind of an error, "" where it has none.
func Code(err error) string {
	if c, ok := errors.AsType[coded](err); ok {
		return c.code
	}
	return ""
}
