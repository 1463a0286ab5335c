package cli

import (
	"context"
	"errors"
	"io"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
	rules "github.com/uc-cdis/gen3-bootstrap/gen3/lint"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

// outputSARIF is the value of --output for code hosts.
const outputSARIF = "sarif"

func newLint(p Process) command {
	in := newInputs()
	var d deployment.Ref
	strict := false
	own := group{"lint", []option{
		{name: "strict", into: &strict, usage: "exit with 1 on warnings as well"},
	}}
	groups := append([]group{own, in.deployment(&d)}, in.offlineGroups()...)
	return command{
		name:    "lint",
		summary: "find what values files of the gen3 chart say in vain or in contradiction",
		about:   lintAbout,
		example: []string{
			"gen3-bootstrap lint -f values.yaml --gen3-version 0.3.90",
			"gen3-bootstrap lint -f base.yaml -f production.yaml --gen3-chart ./gen3-helm/helm/gen3 -o sarif > gen3.sarif",
		},
		groups: withSARIF(groups),
		run: func(ctx context.Context) error {
			return newSession(p, in, "lint", report.Done).printLint(ctx, d, strict)
		},
	}
}

const lintAbout = `Holds values files against the chart that they are for: keys that stand there twice, keys that no chart
declares or reads (with the nearest that there is), values without which the chart makes the same, strings
that are meant to be false, and what is wrong between the objects that come out: a store that nobody makes or
that cannot sign in, one secret read in two shapes, one Secret made by two, names that Kubernetes refuses,
pushes of what is empty or never read. It asks neither AWS nor a cluster. No value is printed, except names
of objects. Exits with 1 on errors, with --strict on warnings as well.

Whether a value has an effect is tried of those about secrets: what is below externalSecrets, global.aws and
global.postgres, and the keys createK8s... and pushSecret. Of the others it is tried for keys that the chart
does not know alone: the chart is rendered once more for each, and a large file would take minutes.`

// withSARIF lets --output take one more form.
func withSARIF(groups []group) []group {
	for _, g := range groups {
		for i := range g.options {
			if o := &g.options[i]; o.name == "output" {
				o.choices = append(o.choices, outputSARIF)
				o.usage = "text, json for one document on stdout, or sarif"
			}
		}
	}
	return groups
}

// errFound is how lint asks for its exit code.
var errFound = errors.New("something is wrong with the values")

// printLint puts what was found on stdout, and what kept it from looking on stderr.
func (s session) printLint(ctx context.Context, d deployment.Ref, strict bool) error {
	shown := s.progress()
	result, err := lint.Run(ctx, s.settings, d, s.env(shown))
	shown.Close()
	if s.output == outputSARIF {
		lost := report.JSON(s.Stdout, report.SARIF(result))
		report.Problems(s.Stderr, s.style(s.Stderr), result.Errors)
		if err = errors.Join(err, written(s.Stderr, lost)); err != nil {
			return reported{err}
		}
	} else {
		err = s.show(result, func(w io.Writer, page report.Page) error { return report.Lint(w, page, result) }, result.Warnings, result.Errors, err)
	}
	if err == nil && (result.Count(rules.Error) > 0 || strict && result.Count(rules.Warning) > 0) {
		return reported{errFound}
	}
	return err
}
