package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

type policyRemovalAPI interface {
	iam.ListEntitiesForPolicyAPIClient
	iam.ListPolicyVersionsAPIClient
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput, ...func(*iam.Options)) (*iam.DeletePolicyVersionOutput, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput, ...func(*iam.Options)) (*iam.DeletePolicyOutput, error)
	UntagPolicy(context.Context, *iam.UntagPolicyInput, ...func(*iam.Options)) (*iam.UntagPolicyOutput, error)
	DetachUserPolicy(context.Context, *iam.DetachUserPolicyInput, ...func(*iam.Options)) (*iam.DetachUserPolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
}

var _ policyRemovalAPI = (*iam.Client)(nil)

// PolicyRemoval takes the managed policy away, when its users and roles are gone. A policy that something else uses is
// left, and said.
type PolicyRemoval struct {
	Removal

	API     policyRemovalAPI
	ARN     string
	Bearers []Bearer

	tags     Tags // nil: there is no such policy
	users    []string
	bounds   int32 // how many identities it is the permissions boundary of
	todo     plan.Change
	warnings []string
}

// Judged is what the last look came to: Destroy's, once that was called.
func (p *PolicyRemoval) Judged() []plan.Change { return []plan.Change{p.todo} }

// Name is the step's name.
func (p *PolicyRemoval) Name() string { return PolicyStep }

// Warnings say what else uses a policy that is left.
func (p *PolicyRemoval) Warnings() []string { return p.warnings }

// Attached reports whether anybody has the policy, or is bound by it.
func (p *PolicyRemoval) Attached() bool { return len(p.users) > 0 || p.bounds > 0 }

// PlanDestroy says what Destroy would do. It only reads.
func (p *PolicyRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	p.tags, p.users, p.warnings = nil, nil, nil
	err := p.sure(ctx, "IAM policy "+p.ARN, func(ctx context.Context) (bool, error) {
		err := p.read(ctx)
		return p.tags != nil, err
	})
	if err != nil {
		return nil, err
	}
	if p.fate() == fateLast {
		if p.users, err = p.attachedTo(ctx); err != nil {
			return nil, err
		}
	}
	p.todo = p.judge()
	return []plan.Change{p.todo}, nil
}

func (p *PolicyRemoval) fate() fate {
	if p.tags == nil {
		return fateAbsent
	}
	return p.fateOf(p.tags)
}

func (p *PolicyRemoval) read(ctx context.Context) error {
	out, err := p.API.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &p.ARN})
	if isAbsent(err) {
		p.tags = nil
		return nil
	}
	if err != nil {
		return fmt.Errorf("get IAM policy %s: %w", p.ARN, err)
	}
	p.tags, p.bounds = tagsOf(out.Policy.Tags), aws.ToInt32(out.Policy.PermissionsBoundaryUsageCount)
	return nil
}

// attachedTo lists who has the policy, each as "user/name", "role/name" or "group/name".
func (p *PolicyRemoval) attachedTo(ctx context.Context) ([]string, error) {
	var out []string
	pages := iam.NewListEntitiesForPolicyPaginator(p.API, &iam.ListEntitiesForPolicyInput{PolicyArn: &p.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list what IAM policy %s is attached to: %w", p.ARN, err)
		}
		for _, u := range page.PolicyUsers {
			out = append(out, "user/"+aws.ToString(u.UserName))
		}
		for _, r := range page.PolicyRoles {
			out = append(out, "role/"+aws.ToString(r.RoleName))
		}
		for _, g := range page.PolicyGroups {
			out = append(out, "group/"+aws.ToString(g.GroupName))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil // one that the policy also bounds is there twice
}

// holdOf says how an identity to which the policy is attached stands to this teardown.
func (p *PolicyRemoval) holdOf(identity string) hold {
	for _, b := range p.Bearers {
		if name, h := b.bearer(); strings.EqualFold(name, identity) {
			return h
		}
	}
	return holdOutside
}

func (p *PolicyRemoval) held(by hold) []string {
	return slices.DeleteFunc(slices.Clone(p.users), func(u string) bool { return p.holdOf(u) != by })
}

// teardownOfIt also takes the policy's old versions, which DeletePolicy by itself stumbles over.
func (p *PolicyRemoval) teardownOfIt() string {
	_, full, _ := strings.Cut(p.ARN, ":policy")
	path, name := full[:strings.LastIndex(full, "/")+1], full[strings.LastIndex(full, "/")+1:]
	command := []string{"gen3-bootstrap", "teardown", "--only", PolicyStep, "--policy-name", name}
	if path != "/" {
		command = append(command, "--iam-path", path)
	}
	return hint.Command(command...)
}

func (p *PolicyRemoval) judge() plan.Change {
	c := plan.Change{Step: PolicyStep, Resource: "iam-policy/" + p.ARN}
	c.Action, c.Reason = p.describe(p.fate(), p.tags)
	if p.fate() != fateLast {
		return c
	}
	use := p.held(holdOutside)
	if p.bounds > 0 {
		use = append(use, fmt.Sprintf("%d identities whose permissions boundary it is", p.bounds))
	}
	switch left := p.held(holdStuck); {
	case len(left) > 0:
		c.Action, c.Reason = plan.Blocked, fmt.Sprintf("IAM policy %s is left: it is attached to %s, which stays", p.ARN, strings.Join(left, ", "))
		c.Hint = "run teardown again when that is gone"
	case len(use) > 0:
		c.Action, c.Reason = plan.None, "left, as something else uses it: "+strings.Join(use, ", ")
		if len(p.ownerTags(p.tags)) > 0 {
			c.Action, c.Reason = plan.Update, "only the tag of this namespace goes, as something else uses the policy: "+strings.Join(use, ", ")
		}
		p.warnings = append(p.warnings, fmt.Sprintf("IAM policy %s is left, since something else uses it: %s; once that has ended, `%s` removes it",
			p.ARN, strings.Join(use, ", "), p.teardownOfIt()))
	}
	return c
}
