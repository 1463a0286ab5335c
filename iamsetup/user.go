package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// UserStep is the name of the step that owns the user and its policy attachment.
const UserStep = "iam-user"

type userAPI interface {
	iam.ListAttachedUserPoliciesAPIClient
	CreateUser(context.Context, *iam.CreateUserInput, ...func(*iam.Options)) (*iam.CreateUserOutput, error)
	TagUser(context.Context, *iam.TagUserInput, ...func(*iam.Options)) (*iam.TagUserOutput, error)
	AttachUserPolicy(context.Context, *iam.AttachUserPolicyInput, ...func(*iam.Options)) (*iam.AttachUserPolicyOutput, error)
	PutUserPermissionsBoundary(context.Context, *iam.PutUserPermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutUserPermissionsBoundaryOutput, error)
}

var _ userAPI = (*iam.Client)(nil)

// User is the step for the user whose key the operator uses, with the policy attached.
type User struct {
	API       userAPI
	Lookup    *UserLookup
	Owner     Owner
	Pace      Pace
	Path      string // of a user that has to be made
	Boundary  string // policy ARN, or empty: then whatever boundary is there stays
	Partition string
	Account   string
	PolicyARN string
	Tags      map[string]string // the operator's own
	Adopt     bool

	seen     *UserSeen // nil: there is none
	attached bool
	todo     []plan.Change
}

// Name is the step's name.
func (u *User) Name() string { return UserStep }

// ARN is the user's as IAM returned it, else the one that it will have.
func (u *User) ARN() string {
	if u.seen != nil {
		return u.seen.ARN
	}
	return fmt.Sprintf("arn:%s:iam::%s:user%s%s", u.Partition, u.Account, u.Path, u.Lookup.UserName)
}

// Observe reads the user and what is attached to it, and says what Apply would do.
func (u *User) Observe(ctx context.Context) ([]plan.Change, error) {
	type answer struct {
		attached bool
		err      error
	}
	attachment := make(chan answer, 1)
	go func() {
		attached, err := u.isAttached(ctx)
		attachment <- answer{attached, err}
	}()
	seen, err := u.Lookup.Get(ctx)
	a := <-attachment
	if err := errors.Join(err, a.err); err != nil {
		return nil, err
	}
	u.seen, u.attached = seen, a.attached
	u.todo = u.diff()
	return u.todo, nil
}

func (u *User) isAttached(ctx context.Context) (bool, error) {
	pages := iam.NewListAttachedUserPoliciesPaginator(u.API, &iam.ListAttachedUserPoliciesInput{UserName: &u.Lookup.UserName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("list policies of IAM user %s: %w", u.Lookup.UserName, err)
		}
		for _, p := range page.AttachedPolicies {
			if aws.ToString(p.PolicyArn) == u.PolicyARN {
				return true, nil
			}
		}
	}
	return false, nil
}

// Forget makes the next Observe ask again.
func (u *User) Forget() { u.Lookup.Forget() }
