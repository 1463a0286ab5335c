package bootstrap

import (
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// explain says in an error's place what is behind it, where one of the two sides knows: sign-in, the way to a server, who the
// caller is to it. cause is empty where nobody does.
func (t *Target) explain(step string, err error) (p Problem, text string) {
	var c cause.Cause
	var message string
	ok := false
	if t != nil {
		if c, message, ok = t.Kube.Explain(err); !ok {
			c, message, ok = t.Aws.Explain(err)
		}
	}
	if !ok {
		return ProblemOf(step, err), ""
	}
	cures := c.Cures
	if c.Code == iamsetup.CodeDenied { // what was denied may have a way out of its own
		cures = slices.Concat(hint.Lines(err), cures)
	}
	return Problem{Step: step, Message: message, Hint: hint.Of(hint.With(err, cures...)), Code: c.Code}, c.Text
}

// Problems turns errors into their place in a result. What several calls met is told once, with the first of them.
func (t *Target) Problems(before []Problem, step string, errs ...error) []Problem {
	for _, err := range errs {
		for _, err := range EachOf(err) {
			p, cause := t.explain(step, err)
			again := func(q Problem) bool { return q.Message == p.Message && q.Step == p.Step }
			if cause != "" && t.told[cause] || slices.ContainsFunc(before, again) {
				continue
			}
			if cause != "" {
				if t.told == nil {
					t.told = map[string]bool{}
				}
				t.told[cause] = true
			}
			before = append(before, p)
		}
	}
	return before
}

// Problem is an error in its place in a result, with the cause where one is known.
func (t *Target) Problem(step string, err error) Problem {
	p, _ := t.explain(step, err)
	return p
}
