package cli

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newSecretsList(p Process) command {
	in := newInputs()
	var d deployment.Ref
	var compare secrets.Other
	own := group{"secrets list", []option{
		{name: "source", arg: "PLACE", into: &d.Source, choices: []string{deployment.Files, deployment.Release, deployment.Live}, fallback: "files where some are given, else release, else live", usage: "what to read the deployment's objects from: files renders the chart, release is what Helm stored, live what is in the namespace"},
		{name: "compare-version", arg: "VERSION", into: &compare.Version, usage: "version of the gen3 chart to compare with: what an upgrade changes"},
		{name: "compare-chart", arg: "CHART", into: &compare.Chart, usage: "chart to compare with, where it is another directory or file"},
	}}
	return command{
		name:    "secrets list",
		summary: "say what the gen3 deployment reads from Secrets Manager, and who needs it",
		about:   secretsListAbout,
		example: []string{
			"gen3-bootstrap secrets list -f values.yaml --gen3-version 0.3.90",
			"gen3-bootstrap secrets list -f values.yaml --gen3-version 0.1.68 --compare-version 0.2.140",
			"gen3-bootstrap secrets list -n gen3 -o json",
		},
		groups: append([]group{own, in.deployment(&d)}, in.offlineGroups()...),
		run: func(ctx context.Context) error {
			return newSession(p, in, "secrets list", report.Done).printSecrets(ctx, d, compare)
		},
	}
}

const secretsListAbout = `Derives from the objects of the deployment which secrets it reads, in which shape, with which keys, who reads
them, what breaks without them, and which value sets each name. Nothing is listed in this program: the gen3
chart is rendered in its version with your values, or the objects of the release or of the namespace are read.
With -f it asks neither AWS nor a cluster, and downloads the chart unless --gen3-chart is a directory or a
file. No value of yours is printed, only names. What is read from the cluster does not say which value sets a
name: with --gen3-chart the chart is rendered for that, with the values of the release, or with those given by
-f beside --source live.

The shapes: whole is any text, taken as it is; property is JSON, of which the named properties are taken;
extract is a JSON object, of whose keys those are listed that pods require. What breaks: stops-pods (of a
Deployment, StatefulSet or DaemonSet), at-use, jobs-only, sync-only (nothing reads it; the ExternalSecret
reports an error), optional.

-o json prints {command, source, release, namespace, chart{name, version}, secrets[{name, shapes[],
properties[], keys[], formats[], severity, setBy[], alsoKubernetesName, externalSecrets[],
kubernetesSecrets[], stores[], readers[{by, container, secret, keys[], via, optional, without, restart}]}],
setByUnknown, compared{version, changes[{name, before, after}]}, leftOut[{name, condition, parent}],
unjudged[], warnings[], errors[]}: before and after are as in secrets, null where it is not read; leftOut are
dependencies that are switched on and were not rendered; source is files, release or live.`

// printSecrets puts what was found on stdout, and what is wrong on stderr.
func (s session) printSecrets(ctx context.Context, d deployment.Ref, compare secrets.Other) error {
	shown := s.progress()
	result, err := secrets.List(ctx, s.settings, d, compare, s.env(shown))
	shown.Close()
	return s.show(result, func() error { return report.Secrets(s.Stdout, s.page(), result) }, result.Warnings, result.Errors, err)
}

// show puts a document, or the text of it, on stdout, and warnings and errors on stderr.
func (s session) show(document any, text func() error, warnings []string, problems []bootstrap.Problem, err error) error {
	var lost error
	switch {
	case s.output == outputJSON:
		lost = report.JSON(s.Stdout, document)
	case err == nil:
		lost = text()
	}
	report.Warnings(s.Stderr, s.style(s.Stderr), warnings)
	report.Problems(s.Stderr, s.style(s.Stderr), problems)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}
