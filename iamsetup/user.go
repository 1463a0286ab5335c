package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// UserStep is the name of the step that owns the user and its policy attachment.
const UserStep = "iam-user"

// User is the step for the user whose key the operator uses, with the policy attached.
type User struct {
	API       *iam.Client
	Lookup    *UserLookup
	Owner     Owner
	Pace      Pace
	Path      string // of a user that has to be made
	Boundary  string // policy ARN, or empty: then whatever boundary is there stays
	Account   Account
	PolicyARN string
	Tags      map[string]string // the operator's own
	Adopt     bool

	seen      *UserSeen // nil: there is none
	has       attachments
	unbounded bool // the policy that is to be its permissions boundary is not there
	todo      []plan.Change
}

// Name is the step's name.
func (u *User) Name() string { return UserStep }

// ARN is the user's as IAM returned it, else the one that it will have.
func (u *User) ARN() string {
	if u.seen != nil {
		return u.seen.ARN
	}
	return u.Account.UserARN(u.Path, u.Lookup.UserName)
}

// Observe reads the user and what is attached to it, and says what Apply would do.
func (u *User) Observe(ctx context.Context) ([]plan.Change, error) {
	type answer struct {
		has attachments
		err error
	}
	attached := make(chan answer, 1)
	go func() {
		has, err := u.policies(ctx)
		attached <- answer{has, err}
	}()
	seen, err := u.Lookup.Get(ctx)
	a := <-attached
	if err := errors.Join(err, a.err); err != nil {
		return nil, err
	}
	u.seen, u.has, u.unbounded = seen, a.has, false
	if u.setsBoundary() {
		if u.unbounded, err = boundaryGone(ctx, u.API, u.Boundary); err != nil {
			return nil, err
		}
	}
	u.todo = u.diff()
	return u.todo, nil
}

// policies lists what is attached to the user: nothing where there is no user.
func (u *User) policies(ctx context.Context) (has attachments, err error) {
	pages := iam.NewListAttachedUserPoliciesPaginator(u.API, &iam.ListAttachedUserPoliciesInput{UserName: &u.Lookup.UserName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return attachments{}, nil
		}
		if err != nil {
			return has, fmt.Errorf("list policies of IAM user %s: %w", u.Lookup.UserName, err)
		}
		has.add(page.AttachedPolicies)
	}
	return has, has.count(ctx, u.API, types.SummaryKeyTypeAttachedPoliciesPerUserQuota)
}

// Warnings say what else the user's keys may do.
func (u *User) Warnings() []string {
	if u.seen == nil {
		return nil
	}
	return u.carrier().warnings()
}

func (u *User) carrier() carrier {
	c := carrier{
		kind: "user", name: u.Lookup.UserName, arn: u.ARN(), owner: u.Owner, adopt: u.Adopt,
		policy: u.PolicyARN, has: u.has, missing: u.unbounded,
	}
	if u.seen != nil {
		c.tags = u.seen.Tags
	}
	return c
}
