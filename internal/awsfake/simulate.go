package awsfake

import (
	"strconv"
	"strings"
)

// simulation is the answer of SimulatePrincipalPolicy, without pages.
type simulation struct {
	Results     []simulated `xml:"EvaluationResults>member"`
	IsTruncated bool        `xml:"IsTruncated"`
}

type simulated struct {
	Action       string             `xml:"EvalActionName"`
	Resource     string             `xml:"EvalResourceName"`
	Decision     string             `xml:"EvalDecision"` // allowed, explicitDeny or implicitDeny
	Organization *allowedByOrgs     `xml:"OrganizationsDecisionDetail,omitempty"`
	Boundary     *allowedByBoundary `xml:"PermissionsBoundaryDecisionDetail,omitempty"`
}

type allowedByOrgs struct {
	Allowed bool `xml:"AllowedByOrganizations"`
}

type allowedByBoundary struct {
	Allowed bool `xml:"AllowedByPermissionsBoundary"`
}

func simulationActions() map[string]action {
	return map[string]action{"SimulatePrincipalPolicy": {on: func(r *request) target { return target{arn: r.str("PolicySourceArn")} }, run: simulatePrincipalPolicy}}
}

// simulatePrincipalPolicy judges each action on each resource, by an identity's policies and boundary, and by what Deny took from
// the account as an organisation would.
func simulatePrincipalPolicy(r *request) (any, error) {
	s := r.srv
	who, known := s.identityOf(r.str("PolicySourceArn"))
	if !known {
		return nil, noSuchEntity("The principal with ARN %s cannot be found.", r.str("PolicySourceArn"))
	}
	keys := s.principalKeys(principal{arn: who.arn, userID: who.id, name: who.name, who: who})
	for i := 1; r.form.Has("ContextEntries.member." + strconv.Itoa(i) + ".ContextKeyName"); i++ {
		entry := "ContextEntries.member." + strconv.Itoa(i)
		keys.set(r.str(entry+".ContextKeyName"), r.list(entry+".ContextKeyValues")...)
	}
	admin := strings.HasSuffix(who.arn, "user/admin")
	out := simulation{}
	for _, action := range r.list("ActionNames") {
		for _, resource := range r.list("ResourceArns") {
			a := access{action: action, resource: resource, keys: keys}
			one := simulated{Action: action, Resource: resource, Decision: "allowed"}
			v, whose := s.judge(who, a)
			switch {
			case s.denies(action):
				one.Decision, one.Organization = "explicitDeny", &allowedByOrgs{}
			case admin, v == allowed:
			case v == forbidden:
				one.Decision = "explicitDeny"
			default:
				one.Decision = "implicitDeny"
				if whose == boundary {
					one.Boundary = &allowedByBoundary{}
				}
			}
			out.Results = append(out.Results, one)
		}
	}
	return out, nil
}
