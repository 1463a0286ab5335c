// Package lint is the command of that name. No value of the operator's files is in what it returns, except names of objects.
package lint

import (
	"context"
	"errors"
	"net/http"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/lint"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Result is what lint found, and the document that -o json prints for it.
type Result struct {
	Command  string              `json:"command"`
	Chart    deployment.Chart    `json:"chart"`
	Findings []lint.Finding      `json:"findings"`
	Warnings []bootstrap.Warning `json:"warnings"`
	Errors   []bootstrap.Problem `json:"errors"` // that kept it from looking
}

// NewResult is the document of a run that has found nothing yet.
func NewResult() Result {
	return Result{Command: "lint", Findings: []lint.Finding{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{}}
}

// Count is how many findings of a level there are.
func (r Result) Count(level lint.Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Run holds values files against the chart. It asks neither AWS nor a cluster, and writes nothing.
func Run(ctx context.Context, s bootstrap.Settings, d deployment.Ref, env bootstrap.Env) (Result, error) {
	result := NewResult()
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	err := look(limited, s, d, &result)
	for _, e := range bootstrap.EachOf(err) {
		result.Errors = append(result.Errors, bootstrap.ProblemOf("", e))
	}
	return result, bootstrap.Outcome(ctx, bootstrap.EachOf(err))
}

func look(ctx context.Context, s bootstrap.Settings, d deployment.Ref, result *Result) error {
	if len(d.Files) == 0 {
		return hint.With(errors.New("no values file is given"), "give those of the gen3 release with -f, in helm's order")
	}
	var files []helmvalues.File
	var errs []error
	for _, name := range d.Files {
		f, err := helmvalues.Read(ctx, "-f (--gen3-values)", name)
		if err != nil {
			errs = append(errs, err)
		}
		files = append(files, f)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	chart, err := render.Load(ctx, http.DefaultClient, d.Chart, s.Gen3Version)
	if err != nil {
		return err
	}
	result.Chart = deployment.Chart{Name: chart.Name(), Version: chart.Version()}
	result.Warnings = append(result.Warnings, bootstrap.Warned("chart-note", chart.Warnings...)...)
	l := &lint.Linter{Chart: chart, Files: files, Options: d.Options(s.Namespace)}
	findings, err := l.Run()
	result.Findings = append(result.Findings, findings...)
	return err
}
