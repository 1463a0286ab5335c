package iamsetup

import (
	"context"
	"fmt"
	"strings"

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
	getProviderAPI
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
	Earlier   []Trusted         // whom earlier runs for this owner let in; they are let out again
	Tags      map[string]string // the operator's own
	Adopt     bool

	seen     *roleSeen // nil: there is none
	attached bool
	gone     []Trusted // statements of clusters that are no more
	todo     []plan.Change
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
	group.Go(func() (err error) { r.attached, err = r.isAttached(gctx); return err })
	if err := group.Wait(); err != nil {
		return nil, err //nolint:wrapcheck // each says what it was doing
	}
	var err error
	if r.gone, err = r.findGone(ctx); err != nil {
		return nil, err
	}
	r.todo, err = r.diff()
	return r.todo, err
}

// read returns nil when the role does not exist.
func (r *Role) read(ctx context.Context) (*roleSeen, error) {
	out, err := r.API.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.RoleName})
	if isAbsent(err) {
		return nil, nil //nolint:nilnil // absence is an answer here, not a failure
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

func (r *Role) isAttached(ctx context.Context) (bool, error) {
	pages := iam.NewListAttachedRolePoliciesPaginator(r.API, &iam.ListAttachedRolePoliciesInput{RoleName: &r.RoleName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("list policies of IAM role %s: %w", r.RoleName, err)
		}
		for _, p := range page.AttachedPolicies {
			if aws.ToString(p.PolicyArn) == r.PolicyARN {
				return true, nil
			}
		}
	}
	return false, nil
}

func (r *Role) diff() ([]plan.Change, error) {
	if r.seen == nil {
		return []plan.Change{
			r.change(plan.Create, "there is no such role", ""),
			r.attachment(plan.Create, "a new role has no policies"),
		}, nil
	}
	if !r.seen.tags.ours() && !r.Adopt {
		return r.foreign(), nil
	}
	own, err := r.own()
	return []plan.Change{own, r.attach()}, err
}

// own judges a role of ours, or one that is to be.
func (r *Role) own() (plan.Change, error) {
	next, why := r.merge(r.seen.trust)
	document, err := next.JSON()
	if err != nil {
		return plan.Change{}, err
	}
	if size := characters(document); len(why) > 0 && size > trustMax {
		return r.change(plan.Blocked, fmt.Sprintf("trust policy of IAM role %s would have %d characters and IAM allows %d, with %s let in",
			r.seen.arn, size, trustMax, r.Trusted), "each namespace and each cluster that shares a role takes its part of them: give this one a role of its own, by another --role-name or without it"), nil
	}
	if r.boundaryDiffers() {
		if others := r.seen.tags.otherOwners(r.Owner); len(others) > 0 {
			return r.change(plan.Blocked, fmt.Sprintf("role %s is shared with %s, for whom its permissions boundary would change from %s to %s",
				r.seen.arn, strings.Join(others, ", "), orNone(r.seen.boundary), r.Boundary), "leave --permissions-boundary out, or give this one a role of its own with --role-name"), nil
		}
		why = append(why, fmt.Sprintf("its permissions boundary is %s, not %s", orNone(r.seen.boundary), r.Boundary))
	}
	missing := r.missingTags()
	if err := r.seen.tags.room(missing); err != nil {
		return r.change(plan.Blocked, fmt.Sprintf("tag IAM role %s: %s", r.seen.arn, err), "give this one a name of its own with --role-name"), nil
	}
	if len(missing) > 0 {
		why = append(why, "tags are missing: "+missing.names())
	}
	switch {
	case !r.seen.tags.ours():
		return r.change(plan.Adopt, strings.Join(append([]string{"it carries no mark of ours"}, why...), "; "), ""), nil
	case len(why) > 0:
		return r.change(plan.Update, strings.Join(why, "; "), ""), nil
	default:
		return r.change(plan.None, "as wanted"+r.elsewhere(), ""), nil
	}
}

// foreign judges a role without our mark: it is used when it is as wanted, and never changed.
func (r *Role) foreign() []plan.Change {
	const cure = "--adopt takes the role over and keeps what it has; --role-name makes another one"
	var why []string
	if !r.seen.trust.letsIn(r.Trusted) {
		why = append(why, "its trust policy does not let in "+r.Trusted.String())
	}
	if r.boundaryDiffers() {
		why = append(why, fmt.Sprintf("its permissions boundary is %s, not %s", orNone(r.seen.boundary), r.Boundary))
	}
	out := []plan.Change{r.change(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", ""), r.attachment(plan.None, "as wanted")}
	if len(why) > 0 {
		out[0] = r.change(plan.Blocked, fmt.Sprintf("role %s was not made by gen3-bootstrap and %s", r.seen.arn, strings.Join(why, " and ")), cure)
	}
	if !r.attached {
		out[1] = r.attachment(plan.Blocked, fmt.Sprintf("role %s was not made by gen3-bootstrap and policy %s is not attached to it", r.seen.arn, r.PolicyARN))
		out[1].Hint = cure
	}
	return out
}

func (r *Role) attach() plan.Change {
	if r.attached {
		return r.attachment(plan.None, "as wanted")
	}
	return r.attachment(plan.Create, "the policy is not attached")
}

func (r *Role) boundaryDiffers() bool { return r.Boundary != "" && r.seen.boundary != r.Boundary }

// tags are those that the role carries for this owner. The owner's own names the issuer, which tells later which
// statement of the trust policy is its.
func (r *Role) tags() Tags {
	owner := r.Owner
	owner.Server = r.Trusted.Issuer
	return markTags(owner, r.Tags)
}

func (r *Role) missingTags() Tags {
	wanted := r.tags()
	missing := r.seen.tags.missing(wanted)
	own := tagOwner + r.Owner.String()
	if r.seen.tags[own] != wanted[own] {
		missing[own] = wanted[own]
	}
	return missing
}

func (r *Role) change(action plan.Action, reason, cure string) plan.Change {
	return plan.Change{Step: RoleStep, Resource: "iam-role/" + r.ARN(), Action: action, Reason: reason, Hint: cure}
}

func (r *Role) attachment(action plan.Action, reason string) plan.Change {
	return plan.Change{Step: RoleStep, Resource: "policy-attachment/" + r.RoleName + "/" + lastPart(r.PolicyARN), Action: action, Reason: reason}
}
