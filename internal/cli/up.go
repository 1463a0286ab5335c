package cli

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newUp(p Process) command {
	in := newInputs()
	dryRun, planned := false, ""
	own := group{"up", []option{
		{name: "plan", arg: "FILE", into: &planned, argvOnly: true, usage: "do exactly what plan --out wrote to this file, or nothing; its flags need not be given again"},
		{name: "dry-run", into: &dryRun, usage: "write nothing, and say what would be written, as plan does"},
	}}
	groups := in.groups()
	return command{
		name:    "up",
		summary: "make everything as it should be, and change nothing that is so already",
		about: "Installs External Secrets Operator, makes the IAM policy and user, and puts a proved access key into the\n" +
			"Secrets that the gen3 chart reads. Run it again at any time: it changes only what differs, finishes what an\n" +
			"interrupted run began, and never asks, except before it deletes a key under --adopt. When anything stands in\n" +
			"the way it says all of it and writes nothing.",
		example: []string{
			"gen3-bootstrap up --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap up -n gen3 --irsa --create-oidc-provider",
			"gen3-bootstrap up -n gen3 --use-global-user",
			"gen3-bootstrap up --plan gen3.plan --yes -o markdown",
		},
		groups: append([]group{own}, groups...),
		run: func(ctx context.Context) error {
			if planned != "" {
				if err := in.loadPlan(planned, groups); err != nil {
					return err
				}
			}
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
	detailed, out := false, ""
	groups := in.groups()
	own := group{"plan", []option{
		{name: "out", arg: "FILE", into: &out, argvOnly: true, usage: "write the plan to this file, for up --plan"},
		{name: "detailed-exitcode", into: &detailed, usage: "exit with 0 when there is nothing to do, 2 when changes are pending, 1 on any failure"},
	}}
	return command{
		name:    "plan",
		summary: "say what up would do, and why; write nothing",
		about: "Looks at everything that up looks at, with the same code, and prints each resource with what up would do to it\n" +
			"and the reason. Takes the flags of up. Exits with 1 where up would refuse to run.",
		example: []string{
			"gen3-bootstrap plan --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap plan -n gen3 --out gen3.plan --detailed-exitcode -o markdown",
		},
		groups: append([]group{own}, groups...),
		run: func(ctx context.Context) error {
			s := newSession(p, in, "plan", report.Pending)
			s.out = out
			result, err := s.run(ctx, bootstrap.Plan)
			if err == nil && out != "" {
				err = s.savePlan(out, groups, result)
			}
			if err == nil && detailed && result.Changed {
				return reported{errPending}
			}
			return err
		},
	}
}
