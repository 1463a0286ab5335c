package cli

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newUp(p Process) command {
	in := newInputs()
	dryRun := false
	own := group{"up", []option{
		{name: "dry-run", into: &dryRun, usage: "write nothing, and say what would be written, as plan does"},
	}}
	return command{
		name:    "up",
		summary: "make everything as it should be, and change nothing that is so already",
		about: "Installs External Secrets Operator, makes the IAM policy and user, and puts a proved access key into the\n" +
			"Secrets that the gen3 chart reads. Run it again at any time: it changes only what differs, finishes what an\n" +
			"interrupted run began, and never asks, except before it deletes a key under --adopt. When anything stands in\n" +
			"the way it says all of it and writes nothing.\n\n" +
			"-o json prints {command, account, region, partition, cluster{context, server, id}, namespace, changed,\n" +
			"changes[{step, resource, action, reason}], outputs{policyArn, userArn, accessKeyId, secrets[], roleArn,\n" +
			"release{name, namespace, chartVersion, revision}}, warnings[], errors[{step, message, hint, code}],\n" +
			"durationSeconds}: an action is create, update, delete, adopt, none or blocked; an output that this mode does not\n" +
			"have is absent, as is a code that no kind of error has.",
		example: []string{"gen3-bootstrap up --account 111122223333 --region us-east-1 -n gen3"},
		groups:  append([]group{own}, in.groups()...),
		run: func(ctx context.Context) error {
			work, tense := bootstrap.Up, report.Done
			if dryRun {
				work, tense = bootstrap.Plan, report.Pending
			}
			_, err := newSession(p, in, "up", tense).run(ctx, work)
			return err
		},
	}
}
