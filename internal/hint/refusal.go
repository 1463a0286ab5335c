package hint

import (
	"errors"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// refusal is a state of the world that forbids the run, as opposed to a failure to find out: a chart that does not
// exist is one, a repository that does not answer is not. It becomes a blocked change, so that a run can say
// everything that is in its way at once.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// Refuse makes a refusal of err, with its hint. Its text is that of err.
func Refuse(err error, lines ...string) error { return With(refusal{err}, lines...) }

// Refused turns a refusal into a blocked change; other errors are not the plan's.
func Refused(err error) (plan.Change, bool) {
	if _, ok := errors.AsType[refusal](err); !ok {
		return plan.Change{}, false
	}
	return Change(err), true
}
