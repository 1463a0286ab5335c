package cli

import (
	"errors"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// The exit codes of every command.
const (
	ExitOK          = 0
	ExitFailure     = 1 // usage errors included
	ExitPending     = 2 // only from plan --detailed-exitcode
	ExitInterrupted = 130
)

// errPending is how plan --detailed-exitcode asks for its exit code.
var errPending = errors.New("changes are pending")

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
