package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// PolicyStep is the name of the step that owns the managed policy.
const PolicyStep = "iam-policy"

// IAM's quotas of versions of one policy, and of characters of its document (white space does not count).
const (
	versionsMax = 5
	policyMax   = 6144
)

type policyAPI interface {
	iam.ListPolicyVersionsAPIClient
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	CreatePolicy(context.Context, *iam.CreatePolicyInput, ...func(*iam.Options)) (*iam.CreatePolicyOutput, error)
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput, ...func(*iam.Options)) (*iam.CreatePolicyVersionOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput, ...func(*iam.Options)) (*iam.DeletePolicyVersionOutput, error)
	TagPolicy(context.Context, *iam.TagPolicyInput, ...func(*iam.Options)) (*iam.TagPolicyOutput, error)
}

var _ policyAPI = (*iam.Client)(nil)

// Policy is the step for the managed policy that lets the operator read secrets.
type Policy struct {
	API        policyAPI
	Owner      Owner
	Pace       Pace
	PolicyName string
	Path       string // begins and ends with "/"
	Scope      Scope
	Tags       map[string]string // the operator's own
	Adopt      bool

	seen     *policySeen // nil: there is none
	document string
	todo     []plan.Change
}

// Name is the step's name.
func (p *Policy) Name() string { return PolicyStep }

// ARN is the policy's, computed from its name and path: a policy's path is part of its ARN and cannot change.
func (p *Policy) ARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:policy%s%s", p.Scope.Partition, p.Scope.Account, p.Path, p.PolicyName)
}

// Observe reads the policy and says what Apply would do.
func (p *Policy) Observe(ctx context.Context) ([]plan.Change, error) {
	document, err := PolicyDocument(p.Scope).JSON()
	if err != nil {
		return nil, err
	}
	p.document = document
	if size := characters(document); size > policyMax {
		p.todo = p.one(plan.Blocked, fmt.Sprintf("document of IAM policy %s would have %d characters and IAM allows %d", p.ARN(), size, policyMax),
			"give fewer and shorter --secret-prefix and --kms-key")
		return p.todo, nil
	}
	if p.seen, err = p.read(ctx); err != nil {
		return nil, err
	}
	p.todo, err = p.diff()
	return p.todo, err
}
