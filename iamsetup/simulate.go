package iamsetup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Call is one action of IAM's that a run is about to take.
type Call struct{ Action, Resource string }

// CallsOf lists what a planned change takes of IAM, on the ARN that is known for it.
func CallsOf(c plan.Change, resource string) []Call {
	actions := map[string]map[plan.Action][]string{
		plan.IAMPolicy:    {plan.Create: {"iam:CreatePolicy", "iam:TagPolicy"}, plan.Update: {"iam:CreatePolicyVersion", "iam:TagPolicy"}, plan.Adopt: {"iam:TagPolicy"}},
		plan.IAMUser:      {plan.Create: {"iam:CreateUser", "iam:TagUser"}, plan.Update: {"iam:TagUser"}, plan.Adopt: {"iam:TagUser"}},
		plan.IAMRole:      {plan.Create: {"iam:CreateRole", "iam:TagRole"}, plan.Update: {"iam:UpdateAssumeRolePolicy", "iam:TagRole"}, plan.Adopt: {"iam:TagRole"}},
		plan.OIDCProvider: {plan.Create: {"iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"}, plan.Update: {"iam:AddClientIDToOpenIDConnectProvider"}},
		plan.AccessKey:    {plan.Create: {"iam:CreateAccessKey"}, plan.Delete: {"iam:DeleteAccessKey"}},
	}[c.Resource.Kind][c.Action]
	if c.Resource.Kind == plan.Attachment && c.Action == plan.Create {
		actions = []string{"iam:AttachUserPolicy"}
		if strings.Contains(resource, ":role/") {
			actions = []string{"iam:AttachRolePolicy"}
		}
	}
	out := make([]Call, 0, len(actions))
	for _, action := range actions {
		out = append(out, Call{action, resource})
	}
	return out
}

// Doubt is a call that IAM's simulation says would be denied.
type Doubt struct {
	Call

	Origin Origin
}

// Simulate asks IAM which of the calls the caller may not make, since IAM has no dry run. It returns none where the caller may
// not ask, or is neither a user nor a role: nothing is known then. boundary is the one that new users and roles get, or "".
//
// A simulation knows the conditions of some policies only in part, so that it is a doubt and no refusal
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html).
func (a *AWS) Simulate(ctx context.Context, caller Caller, calls []Call, boundary string) ([]Doubt, error) {
	source, err := a.policySource(ctx, caller)
	if err != nil || source == "" || len(calls) == 0 {
		return nil, unlessAnswered(err)
	}
	var resources []string
	on := map[string][]string{}
	for _, c := range calls {
		if on[c.Resource] == nil {
			resources = append(resources, c.Resource)
		}
		on[c.Resource] = append(on[c.Resource], c.Action)
	}
	var known []types.ContextEntry
	if boundary != "" {
		known = append(known, types.ContextEntry{ContextKeyName: aws.String("iam:PermissionsBoundary"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{boundary}})
	}
	found, err := parallel.Map(ctx, resources, func(ctx context.Context, resource string) ([]Doubt, error) {
		out, err := a.IAM.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &source, ActionNames: on[resource], ResourceArns: []string{resource}, ContextEntries: known,
		})
		if err != nil {
			return nil, fmt.Errorf("simulate the calls of %s: %w", source, err)
		}
		return doubtsIn(out.EvaluationResults), nil
	})
	if err != nil {
		return nil, unlessAnswered(err)
	}
	return slices.Concat(found...), nil
}

// unlessAnswered passes over what IAM answers when it does not simulate: the caller may not ask, or it is an emulator.
func unlessAnswered(err error) error {
	if ErrorCode(err) != "" {
		return nil
	}
	return err
}

// policySource is the user or role that the caller's policies are of; "" for others. A session names its role without the path.
func (a *AWS) policySource(ctx context.Context, caller Caller) (string, error) {
	parsed, err := arn.Parse(caller.ARN)
	if err != nil {
		return "", nil //nolint:nilerr // it is no name that IAM could be asked about
	}
	kind, name, _ := strings.Cut(parsed.Resource, "/")
	switch kind {
	case "user":
		return caller.ARN, nil
	case "assumed-role":
		name, _, _ = strings.Cut(name, "/")
		out, err := a.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		if err != nil {
			return "", fmt.Errorf("get IAM role %s, which the caller took: %w", name, err)
		}
		return aws.ToString(out.Role.Arn), nil
	}
	return "", nil
}

func doubtsIn(results []types.EvaluationResult) []Doubt {
	var out []Doubt
	for _, r := range results {
		d := Doubt{Call: Call{aws.ToString(r.EvalActionName), aws.ToString(r.EvalResourceName)}}
		switch org, bound := r.OrganizationsDecisionDetail, r.PermissionsBoundaryDecisionDetail; {
		case r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed:
			continue
		case org != nil && !org.AllowedByOrganizations:
			d.Origin = FromOrganization
		case bound != nil && !bound.AllowedByPermissionsBoundary:
			d.Origin = FromBoundary
		case r.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
			d.Origin = FromPolicy
		default:
			d.Origin = FromNothing
		}
		out = append(out, d)
	}
	return out
}

// Doubtful says in one line for each origin what the simulation came to, with what can be done.
func Doubtful(caller Caller, doubts []Doubt) []string {
	var origins []Origin
	actions, cures := map[Origin][]string{}, map[Origin][]string{}
	for _, d := range doubts {
		if actions[d.Origin] == nil {
			origins = append(origins, d.Origin)
		}
		if !slices.Contains(actions[d.Origin], d.Action) {
			actions[d.Origin] = append(actions[d.Origin], d.Action)
		}
		for _, cure := range d.Origin.Cures(d.Action) {
			if !slices.Contains(cures[d.Origin], cure) {
				cures[d.Origin] = append(cures[d.Origin], cure)
			}
		}
	}
	var out []string
	for _, o := range origins {
		out = append(out, fmt.Sprintf("IAM's simulation says that up would be denied %s, for %s by %s (it may be wrong about conditions); %s",
			strings.Join(actions[o], ", "), cmp.Or(caller.ARN, "the caller"), o, strings.Join(cures[o], "; ")))
	}
	return out
}
