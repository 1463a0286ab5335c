package bootstrap

import (
	"cmp"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Result is what a run found and did, and the document that -o json prints for up, plan and teardown. It is
// filled as far as the run came, also when that ended in an error.
type Result struct {
	Command         string        `json:"command"`
	Account         string        `json:"account"`
	Region          string        `json:"region"`
	Partition       string        `json:"partition"`
	Caller          string        `json:"caller"` // ARN of who signed in to AWS
	Cluster         Cluster       `json:"cluster"`
	Namespace       string        `json:"namespace"`
	NamespaceFrom   string        `json:"namespaceFrom,omitempty"` // flag, environment or context
	Cancelled       bool          `json:"cancelled,omitempty"`     // by who was asked
	Changed         bool          `json:"changed"`                 // for plan: changes are pending
	Changes         []plan.Change `json:"changes"`                 // in the fixed order of the steps
	Outputs         Outputs       `json:"outputs"`
	Counts          plan.Counts   `json:"counts"` // of the changes, by what is planned
	Warnings        []Warning     `json:"warnings"`
	Errors          []Problem     `json:"errors"`
	DurationSeconds float64       `json:"durationSeconds"`
}

// Cluster says which cluster a run spoke to.
type Cluster struct {
	Context string `json:"context"` // name in the kubeconfig
	Server  string `json:"server"`  // URL of the API server
	ID      string `json:"id"`      // UID of the namespace kube-system
}

// Outputs are the names that the next tool needs; fields that a mode does not make stay empty.
type Outputs struct {
	PolicyARN   string   `json:"policyArn,omitempty"`
	UserARN     string   `json:"userArn,omitempty"`
	AccessKeyID string   `json:"accessKeyId,omitempty"`
	Secrets     []string `json:"secrets,omitempty"` // "namespace/name"
	RoleARN     string   `json:"roleArn,omitempty"`
	Release     *Release `json:"release,omitempty"`
}

// Release is the Helm release that runs External Secrets Operator.
type Release struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace"`
	ChartVersion string `json:"chartVersion"`
	Revision     int    `json:"revision"`
}

// Warning is one thing that the operator should know, and that stops nothing.
type Warning struct {
	Code    string `json:"code"` // stable: what it is about; see docs/json.md
	Message string `json:"message"`
}

// Messages are the texts of warnings.
func Messages(warnings []Warning) []string {
	var out []string
	for _, w := range warnings {
		out = append(out, w.Message)
	}
	return out
}

// Warned makes warnings of one code.
func Warned(code string, messages ...string) []Warning {
	out := make([]Warning, 0, len(messages))
	for _, m := range messages {
		out = append(out, Warning{code, m})
	}
	return out
}

// Problem is one thing that went wrong or stands in the way.
type Problem struct {
	Step    string `json:"step,omitempty"` // empty when no step is concerned
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Code    string `json:"code"` // stable: what kind of problem it is; see docs/json.md
}

// ProblemOf turns an error into its place in the result.
func ProblemOf(step string, err error) Problem {
	code := cmp.Or(hint.Code(err), "failed")
	if step != "" && code == "failed" {
		code = step + "-failed"
	}
	return Problem{Step: step, Message: iamsetup.Plain(err), Hint: hint.Of(err), Code: code}
}

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
	return Problem{Step: step, Message: message, Hint: hint.Of(hint.With(err, cures...)), Code: cmp.Or(c.Code, "unreachable")}, c.Text
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
