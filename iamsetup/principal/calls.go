package principal

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Calls are the calls by which a user and a role are read and written in the same way.
type Calls struct {
	Step  string
	Noun  string // "user" or "role"
	Name  string
	Quota types.SummaryKeyType // of attached policies

	Attached func(context.Context) ([]types.AttachedPolicy, error)
	Attach   func(ctx context.Context, policy string) error
	Detach   func(ctx context.Context, policy string) error
	Bound    func(ctx context.Context, policy string) error
	Tag      func(context.Context, []types.Tag) error
	Untag    func(ctx context.Context, keys []string) error
	Remove   func(context.Context) error

	Additions []Addition
}

// String is what messages call it.
func (c Calls) String() string { return "IAM " + c.Noun + " " + c.Name }

// Resource is what a plan calls it, by its name or ARN.
func (c Calls) Resource(name string) plan.Resource { return plan.Of("iam-"+c.Noun, name) }

// flag names another one.
func (c Calls) flag() string { return "--" + c.Noun + "-name" }

// another says how this owner gets one of its own.
func (c Calls) another(o iamsetup.Owner) string {
	return "give this one a " + c.Noun + " of its own: " + hint.Command(c.flag(), o.OwnName(c.Name, 64))
}

// policies are the ARNs of what is attached to it: nothing where it is not there.
func (c Calls) policies(ctx context.Context) ([]string, error) {
	attached, err := c.Attached(ctx)
	if iamsetup.IsAbsent(err) {
		return nil, nil
	}
	return iamsetup.Names(attached, func(p types.AttachedPolicy) string { return aws.ToString(p.PolicyArn) }), iamsetup.Wrap("list policies of "+c.String(), err)
}
