package iamsetup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// RoleStep is the name of the step that owns the role of a ServiceAccount and its policy attachment.
const RoleStep = "irsa-role"

type roleAPI interface {
	iam.ListAttachedRolePoliciesAPIClient
	carrierAPI
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	CreateRole(context.Context, *iam.CreateRoleInput, ...func(*iam.Options)) (*iam.CreateRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
	TagRole(context.Context, *iam.TagRoleInput, ...func(*iam.Options)) (*iam.TagRoleOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput, ...func(*iam.Options)) (*iam.AttachRolePolicyOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
}

var _ roleAPI = (*iam.Client)(nil)

// Role is the step for the role that a ServiceAccount takes, with the policy attached. Namespaces and clusters can share
// one. It is only ever changed in place: made again it would have another id, which breaks what trusts it.
type Role struct {
	API       roleAPI
	Owner     Owner
	Pace      Pace
	RoleName  string
	Path      string // of a role that has to be made
	Boundary  string // policy ARN, or empty: then whatever boundary is there stays
	Partition string
	Account   string
	PolicyARN string
	Trusted   Trusted           // who takes the role
	Earlier   []Trusted         // whom earlier runs for this owner let in, as the record has it: a hint that proves nothing
	Tags      map[string]string // the operator's own
	Adopt     bool

	seen      *roleSeen // nil: there is none
	has       attachments
	unbounded bool // the policy that is to be its permissions boundary is not there
	trustMax  int  // characters that the trust policy may have
	todo      []plan.Change
}

// roleSeen is the role as IAM shows it.
type roleSeen struct {
	arn      string
	boundary string // policy ARN, or empty
	tags     Tags
	trust    trust
}

// Name is the step's name.
func (r *Role) Name() string { return RoleStep }

// ARN is the role's as IAM returned it, else the one that it will have.
func (r *Role) ARN() string {
	if r.seen != nil {
		return r.seen.arn
	}
	return fmt.Sprintf("arn:%s:iam::%s:role%s%s", r.Partition, r.Account, r.Path, r.RoleName)
}

// Observe reads the role and what is attached to it, and says what Apply would do.
func (r *Role) Observe(ctx context.Context) ([]plan.Change, error) {
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { r.seen, err = r.read(gctx); return err })
	group.Go(func() (err error) { r.has, err = r.policies(gctx); return err })
	if err := group.Wait(); err != nil {
		return nil, err // each says what it was doing
	}
	var err error
	if err := r.readTrustQuota(ctx); err != nil {
		return nil, err
	}
	r.unbounded = false
	if r.setsBoundary() {
		if r.unbounded, err = boundaryGone(ctx, r.API, r.Boundary); err != nil {
			return nil, err
		}
	}
	r.todo, err = r.diff()
	return r.todo, err
}

// read returns nil when the role does not exist.
func (r *Role) read(ctx context.Context) (*roleSeen, error) {
	out, err := r.API.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.RoleName})
	if isAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM role %s: %w", r.RoleName, err)
	}
	return r.roleSeen(out.Role)
}

func (r *Role) roleSeen(role *types.Role) (*roleSeen, error) {
	seen := &roleSeen{arn: aws.ToString(role.Arn), tags: tagsOf(role.Tags)}
	if b := role.PermissionsBoundary; b != nil {
		seen.boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	var err error
	if seen.trust, err = parseTrust(aws.ToString(role.AssumeRolePolicyDocument), r.provider); err != nil {
		return nil, fmt.Errorf("read IAM role %s: %w", r.RoleName, err)
	}
	return seen, nil
}

func (r *Role) provider(issuer string) string { return providerARN(r.Partition, r.Account, issuer) }

// policies lists what is attached to the role: nothing where there is no role.
func (r *Role) policies(ctx context.Context) (has attachments, err error) {
	pages := iam.NewListAttachedRolePoliciesPaginator(r.API, &iam.ListAttachedRolePoliciesInput{RoleName: &r.RoleName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return attachments{}, nil
		}
		if err != nil {
			return has, fmt.Errorf("list policies of IAM role %s: %w", r.RoleName, err)
		}
		has.add(page.AttachedPolicies)
	}
	return has, has.count(ctx, r.API, types.SummaryKeyTypeAttachedPoliciesPerRoleQuota)
}

// Warnings say what else those may do who take the role.
func (r *Role) Warnings() []string {
	if r.seen == nil {
		return nil
	}
	return r.carrier().warnings()
}

func (r *Role) carrier() carrier {
	c := carrier{
		kind: "role", name: r.RoleName, arn: r.ARN(), owner: r.Owner, adopt: r.Adopt,
		policy: r.PolicyARN, has: r.has, missing: r.unbounded,
	}
	if r.seen != nil {
		c.tags = r.seen.tags
	}
	return c
}
