package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
)

func newValues(p Process) command {
	in := newInputs()
	var o values.Options
	own := group{"values", []option{
		{name: "offline", into: &o.Offline, usage: "ask neither cluster nor AWS, and go by the flags alone; with --irsa it needs --account and --role-name"},
		{name: "name-prefix", arg: "PREFIX", into: &o.Wish.NamePrefix, usage: "put this before each name in Secrets Manager that your values leave to the chart"},
		{name: "separate-stores", into: &o.Wish.SeparateStores, usage: "a SecretStore for each chart"},
		{name: "subchart", arg: "NAME", into: &o.Wish.Subchart, usage: "values for this chart of gen3's in a release of its own"},
		{name: "keep-local", arg: "CHART[/SECRET]", into: &o.Wish.KeepLocal, usage: "have the chart make its Secrets, or this one, and not read them"},
		{name: "create-db", into: &o.Wish.CreateDB, usage: "have the charts make databases and their credentials, which stay in the cluster"},
		{name: "push-db", into: &o.Wish.PushDB, usage: "have the charts make the databases' credentials and push them to Secrets Manager"},
	}}
	return command{
		name:    "values",
		summary: "print the values that make the gen3 chart use what up made",
		about: "Prints a YAML fragment for helm -f on stdout, right for the version of the gen3 chart and for the API versions of\n" +
			"External Secrets that the cluster serves. What up made stands in the record, and the role's ARN comes from IAM.\n" +
			"Writes nothing. Exits with 1 where no values of that chart version could work, and says what else does.\n\n" +
			"The other switches of values are tried: the chart is rendered with your -f files and each value that might do it,\n" +
			"and what it does decides. What would leave a Secret to nobody, to two writers, or without what pods need is\n" +
			"refused, with the reason. What was read before and is read then is told on stderr.",
		example: []string{
			"gen3-bootstrap values --account 111122223333 --region us-east-1 -n gen3 > external-secrets.yaml",
			"gen3-bootstrap values --region us-east-1 -n gen3 --gen3-version 0.3.85 --offline",
			"gen3-bootstrap values --region us-east-1 -n gen3 --offline -f values.yaml --name-prefix demo- --create-db",
		},
		groups: append([]group{own}, withoutWriting(in.valuesGroups())...),
		run: func(ctx context.Context) error {
			return newSession(p, in, "values", report.Done).printValues(ctx, o)
		},
	}
}

// valuesGroups are the flags that the record stands in for, of which those that choose the values are explained.
func (in *inputs) valuesGroups() []group {
	shown := []string{"use-global-user", "global-user-secret", "irsa", "role-name", "service-account", "iam-path", "gen3-version", "gen3-values", "gen3-chart", "release-name"}
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
func (s session) printValues(ctx context.Context, o values.Options) error {
	shown := s.progress()
	result, err := values.Run(ctx, s.settings, o, s.env(shown))
	shown.Close()
	var lost error
	switch {
	case s.machine():
		lost = report.Document(s.Stdout, s.form(), result)
	case err == nil:
		_, lost = fmt.Fprint(s.Stdout, result.Text)
	}
	if err == nil && !s.quiet && !s.machine() {
		report.Proof(s.Stderr, s.style(s.Stderr), result.Proof)
	}
	if page := s.page(); err == nil && !s.quiet && !s.machine() && tty.IsTerminal(s.Stderr) {
		fmt.Fprintf(s.Stderr, "%s %s\n", s.style(s.Stderr).Cyan("next:"), page.Helm(bootstrap.Result{Namespace: result.Namespace}))
	}
	report.Warnings(s.Stderr, s.style(s.Stderr), result.Warnings)
	report.Problems(s.Stderr, s.style(s.Stderr), result.Errors)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}
