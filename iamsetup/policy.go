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

// Policy is the step for the managed policy that lets the operator read secrets.
type Policy struct {
	API        *iam.Client
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

// ARN is the policy's.
func (p *Policy) ARN() string {
	return p.Scope.Account.PolicyARN(p.Path, p.PolicyName)
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
