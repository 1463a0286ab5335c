package cli

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

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
