package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newValues(p Process) command {
	in := newInputs()
	offline := false
	own := group{"values", []option{
		{name: "offline", into: &offline, usage: "ask neither cluster nor AWS, and go by the flags alone; with --irsa it needs --account and --role-name"},
	}}
	return command{
		name:    "values",
		summary: "print the values that make the gen3 chart use what up made",
		about: "Prints a YAML fragment for helm -f on stdout, right for the version of the gen3 chart and for the API versions of\n" +
			"External Secrets that the cluster serves. What up made stands in the record, and the role's ARN comes from IAM.\n" +
			"Writes nothing. Exits with 1 where no values of that chart version could work, and says what else does.\n\n" +
			"-o json prints {command, account, region, namespace, mode, gen3Version, servedApiVersions, roleArn, secret, values,\n" +
			"warnings, errors}: mode is keys, global-user, irsa or irsa+global-user, values is null on failure.",
		example: []string{
			"gen3-bootstrap values --account 111122223333 --region us-east-1 -n gen3 > external-secrets.yaml",
			"gen3-bootstrap values --region us-east-1 -n gen3 --gen3-version 0.3.85 --offline",
			"gen3-bootstrap values --account 111122223333 --region us-east-1 -n gen3 --irsa --role-name gen3-secrets --offline",
		},
		groups: append([]group{own}, withoutWriting(in.valuesGroups())...),
		run: func(ctx context.Context) error {
			return newSession(p, in, "values", report.Done).printValues(ctx, offline)
		},
	}
}

// valuesGroups are the flags that the record stands in for, of which those that choose the values are explained.
func (in *inputs) valuesGroups() []group {
	shown := []string{"use-global-user", "global-user-secret", "irsa", "role-name", "service-account", "iam-path", "gen3-version"}
	groups := in.recalledGroups()
	for _, g := range groups {
		for i := range g.options {
			o := &g.options[i]
			switch {
			case o.name == "account":
				o.required, o.usage = false, o.usage+" (required, but for --offline without --irsa)"
			case g.title != "target" && g.title != "output":
				o.hidden = !slices.Contains(shown, o.name)
			}
		}
	}
	return groups
}

// printValues puts the fragment or the document on stdout, and what is wrong on stderr.
func (s session) printValues(ctx context.Context, offline bool) error {
	shown := s.progress()
	result, err := values.Run(ctx, s.settings, offline, s.env(shown))
	shown.Close()
	var lost error
	switch {
	case s.output == outputJSON:
		lost = report.JSON(s.Stdout, result)
	case err == nil:
		_, lost = fmt.Fprint(s.Stdout, result.Text)
	}
	report.Warnings(s.Stderr, s.style(s.Stderr), result.Warnings)
	report.Problems(s.Stderr, s.style(s.Stderr), result.Errors)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}
