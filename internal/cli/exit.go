package cli

import (
	"errors"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// The exit codes of every command.
const (
	ExitOK          = 0
	ExitFailure     = 1 // usage errors included
	ExitPending     = 2 // only under --detailed-exitcode
	ExitInterrupted = 130
)

// errPending is how a command under --detailed-exitcode says that there is something to do.
var errPending = errors.New("there is something to do")

// reported wraps an error that has been printed already.
type reported struct{ error }

func (r reported) Unwrap() error { return r.error }

// ExitCode maps what a command returned to the exit code of the process.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errPending):
		return ExitPending
	case errors.Is(err, bootstrap.ErrInterrupted):
		return ExitInterrupted
	default:
		return ExitFailure
	}
}
