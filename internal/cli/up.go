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

func newPlan(p Process) command {
	in := newInputs()
	detailed := false
	own := group{"plan", []option{
		{name: "detailed-exitcode", into: &detailed, usage: "exit with 0 when there is nothing to do, 2 when changes are pending, 1 on any failure"},
	}}
	return command{
		name:    "plan",
		summary: "say what up would do, and why; write nothing",
		about: "Looks at everything that up looks at, with the same code, and prints each resource with what up would do to it\n" +
			"and the reason. Takes the flags of up. Exits with 1 where up would refuse to run.\n\n" +
			"-o json prints the document that up prints; changed then says that something is pending.",
		example: []string{
			"gen3-bootstrap plan --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap plan --account 111122223333 --region us-east-1 -n gen3 --detailed-exitcode -o json",
		},
		groups: append([]group{own}, in.groups()...),
		run: func(ctx context.Context) error {
			result, err := newSession(p, in, "plan", report.Pending).run(ctx, bootstrap.Plan)
			if err == nil && detailed && result.Changed {
				return reported{errPending}
			}
			return err
		},
	}
}
