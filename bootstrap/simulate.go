package bootstrap

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// simulate warns of calls to IAM that would be denied. IAM has no dry run, and its simulation is not always right, so that a
// plan goes on.
func (r *Run) simulate(ctx context.Context) {
	var calls []iamsetup.Call
	principal := ""
	for _, c := range r.Result.Changes {
		switch c.Resource.Kind {
		case plan.IAMUser, plan.IAMRole:
			principal = c.Resource.Name
			fallthrough
		case plan.IAMPolicy, plan.OIDCProvider:
			calls = append(calls, iamsetup.CallsOf(c, c.Resource.Name)...)
		case plan.Attachment, plan.AccessKey: // of the user or role before it
			calls = append(calls, iamsetup.CallsOf(c, principal)...)
		}
	}
	doubts, err := r.Target.Aws.Simulate(ctx, r.Target.Caller, calls, r.Settings.PermissionsBoundary)
	if err != nil {
		r.Result.Warnings = append(r.Result.Warnings, "whether IAM would allow this could not be simulated: "+iamsetup.Plain(err))
	}
	r.Result.Warnings = append(r.Result.Warnings, iamsetup.Doubtful(r.Target.Caller, doubts)...)
}
