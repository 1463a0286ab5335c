package cli

import (
	"context"
	"errors"
	"io"

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
		source(&d),
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
reports an error), optional.`

// printSecrets puts what was found on stdout, and what is wrong on stderr.
func (s session) printSecrets(ctx context.Context, d deployment.Ref, compare secrets.Other) error {
	shown := s.progress()
	result, err := secrets.List(ctx, s.settings, d, compare, s.env(shown))
	shown.Close()
	return s.show(result, func(w io.Writer, page report.Page) error { return report.Secrets(w, page, result) }, result.Warnings, result.Errors, err)
}

// show puts a document, or the text of it, on stdout, and warnings and errors on stderr.
func (s session) show(document any, text func(io.Writer, report.Page) error, warnings []bootstrap.Warning, problems []bootstrap.Problem, err error) error {
	lost := s.write(document, func(w io.Writer, page report.Page) error {
		if err != nil {
			return nil
		}
		return text(w, page)
	}, warnings, problems)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}

func newSecretsPush(p Process) command {
	in := newInputs()
	var d deployment.Ref
	var o secrets.PushOptions
	own := group{"secrets push", append(writing(&o.WriteOptions), []option{
		{name: "overwrite", arg: "NAME", into: &o.Overwrite, argvOnly: true, usage: "write over this secret of Secrets Manager where it differs"},
		{name: "from-file", arg: "NAME=PATH", into: &o.FromFiles, usage: "content of a secret that the cluster does not have"},
		source(&d),
	}...)}
	return command{
		name:    "secrets push",
		summary: "put Secrets that the gen3 chart makes in the cluster, and files, into Secrets Manager",
		about:   secretsPushAbout,
		example: []string{
			"gen3-bootstrap secrets push --account 111122223333 --region us-east-1 -n gen3 --dry-run",
			"gen3-bootstrap secrets push --account 111122223333 --region us-east-1 -n gen3 --only default-indexd-creds --yes",
			"gen3-bootstrap secrets push --account 111122223333 --region us-east-1 -n gen3 --from-file fence-config=fence.yaml",
		},
		groups: append([]group{own, in.deployment(&d)}, in.writingGroups()...),
		run: func(ctx context.Context) (err error) {
			if o.KMSKey, err = in.oneKey(); err != nil {
				return err
			}
			return newSession(p, in, "secrets push", tenseOf(o.DryRun)).push(ctx, d, o)
		},
	}
}

const secretsPushAbout = `Renders the gen3 chart as it is deployed, and once more with its own Secrets switched off: what the chart makes in
the first and an ExternalSecret makes in the second is taken from the cluster and goes to the name in Secrets
Manager that the ExternalSecret reads, in the shape in which it reads it. No name is listed in this program.
Database credentials go when the job has made the database (key dbcreated), and never those of a database within
the cluster. --from-file puts a file of yours where the deployment reads it, in the same shape.

It shows what it would write and asks; --yes answers. It creates what is missing and leaves alone what is equal.
What differs is named by its properties and not written over without --overwrite; properties beyond those here
stay. What External Secrets Operator pushed (tag managed-by=external-secrets) is never touched. If anything is in
the way, nothing is written. Run it again after a failure: it goes on from what is there. teardown deletes nothing
that it wrote.

Afterwards it says step by step how the Secrets change hands: values, commands, pods to restart.`

func newSecretsGenerate(p Process) command {
	in := newInputs()
	var d deployment.Ref
	var o secrets.WriteOptions
	own := group{"secrets generate", append(writing(&o), source(&d))}
	return command{
		name:    "secrets generate",
		summary: "make the secrets that are missing in Secrets Manager, where that is safe",
		about:   secretsGenerateAbout,
		example: []string{
			"gen3-bootstrap secrets generate --account 111122223333 --region us-east-1 -n gen3 -f values.yaml --dry-run",
			"gen3-bootstrap secrets generate --account 111122223333 --region us-east-1 -n gen3 -f values.yaml --yes",
			"gen3-bootstrap secrets generate --account 111122223333 --region us-east-1 -n gen3 --only fence-jwt-keys",
		},
		groups: append([]group{own, in.deployment(&d)}, in.writingGroups()...),
		run: func(ctx context.Context) (err error) {
			if o.KMSKey, err = in.oneKey(); err != nil {
				return err
			}
			return newSession(p, in, "secrets generate", tenseOf(o.DryRun)).generate(ctx, d, o)
		},
	}
}

const secretsGenerateAbout = `Renders the gen3 chart as it is deployed, and once more with global.externalSecrets.deploy off: what the chart then
makes itself goes to the names in Secrets Manager that the deployment reads, in the shape in which it reads them.
It is repaired where the chart's own would not work: a real encryption key for fence and wts, the login of the
metadata service without quotes, passwords that two secrets share. Values go from memory to Secrets Manager and
nowhere else, and none is printed.

Only what is missing is made, and only where nothing depends on it yet. What exists is never made again, and what
it holds counts for what is made beside it. What the cluster has in a Secret is not made: secrets push takes it
from there. The credentials of a database are made where a job is to make the role (global.postgres.dbCreate),
and need the database's host among the values. Where that job has run before and its Secret is gone, the role has
a password that nobody knows: give it the new one by hand.

It shows what it would write and asks; --yes answers. If anything is in the way, nothing is written. Run it again
after a failure: it goes on from what is there. Placeholders that the chart has are told as yours to fill in, and
so are the secrets that only you can supply, with what must be in them. Nothing that it wrote is deleted by
teardown.`

// generate puts what was made, and what others have to supply, on stdout, and what is wrong on stderr.
func (s session) generate(ctx context.Context, d deployment.Ref, o secrets.WriteOptions) error {
	shown := s.progress()
	result, err := secrets.Generate(ctx, s.settings, d, o, s.env(shown))
	shown.Close()
	result.Result = report.Complete(result.Result, s.command, err)
	return s.showWritten(result, result.Result, err, func(w io.Writer, page report.Page) error { return report.Supplied(w, page, result) })
}

func tenseOf(dryRun bool) report.Tense {
	if dryRun {
		return report.Pending
	}
	return report.Done
}

// push puts what was pushed and what comes next on stdout, and what is wrong on stderr.
func (s session) push(ctx context.Context, d deployment.Ref, o secrets.PushOptions) error {
	shown := s.progress()
	result, err := secrets.Push(ctx, s.settings, d, o, s.env(shown))
	shown.Close()
	result.Result = report.Complete(result.Result, s.command, err)
	return s.showWritten(result, result.Result, err, func(w io.Writer, page report.Page) error { return report.SwitchOver(w, page, result.SwitchOver) })
}

// showWritten is show for a command that writes, of which the plan is shown as well where something is in its way.
func (s session) showWritten(document any, r bootstrap.Result, err error, next func(io.Writer, report.Page) error) error {
	if r.Cancelled && !s.machine() {
		return s.print(r, err)
	}
	lost := s.write(document, func(w io.Writer, page report.Page) error {
		return errors.Join(report.Text(w, page, s.tense, r), next(w, page))
	}, r.Warnings, r.Errors)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}
