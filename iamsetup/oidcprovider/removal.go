package oidcprovider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Truster is a role of the same teardown.
type Truster interface {
	// Called is its name.
	Called() string
	// KeepsTrusting reports whether it is kept, and still lets in somebody whom the issuer vouches for.
	KeepsTrusting(issuer string) bool
}

// Removal takes this owner's tag off the identity provider. The provider itself goes only when told to, and with
// its last owner: roles that this tool knows nothing of may trust it.
type Removal struct {
	iamsetup.Removal
	iamsetup.Down

	Issuer string
	Delete bool
	Roles  []Truster // looked at before: one that is kept needs the provider
}

// Name is the step's name.
func (p *Removal) Name() string { return Step }

// PlanDestroy says what Destroy would do. It only reads.
func (p *Removal) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return p.Plan(ctx, p.Removal, p.leaver())
}

// Destroy looks again, since somebody may have taken the provider while the roles went, and does what there is to do.
func (p *Removal) Destroy(ctx context.Context, sink event.Sink) error {
	return p.TakeAway(ctx, sink, p.Removal, p.leaver())
}

func (p *Removal) leaver() iamsetup.Leaver {
	arn := p.Account.ProviderARN(p.Issuer)
	return iamsetup.Leaver{
		Step: Step, What: "IAM identity provider " + arn, Judge: p.judge,
		Resource: func() plan.Resource { return plan.Of(plan.OIDCProvider, arn) },
		Read: func(ctx context.Context) (iamsetup.Tags, error) {
			tags, _, err := get(ctx, p.API, arn)
			return tags, err
		},
		Untag: func(ctx context.Context, keys []string) error {
			return iamsetup.Failed(p.API.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, TagKeys: keys}))
		},
		Remove: func(ctx context.Context, say iamsetup.Report) error {
			return p.Gone(ctx, say, "delete IAM identity provider "+arn, func(ctx context.Context) error {
				return iamsetup.Failed(p.API.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn}))
			})
		},
	}
}

func (p *Removal) judge(_ context.Context, f iamsetup.Fate, c *plan.Change) error {
	if f != iamsetup.FateLast {
		return nil
	}
	why := ""
	if !p.Delete {
		why = "other roles may trust it; --delete-oidc-provider deletes it"
	}
	for _, r := range p.Roles {
		if p.Delete && r.KeepsTrusting(p.Issuer) {
			why = "IAM role " + r.Called() + " is kept, and trusts it"
		}
	}
	switch {
	case why == "":
	case len(p.OwnerTags(p.Tags())) > 0:
		c.Action, c.Reason = plan.Update, "only the tag of this namespace is removed: "+why
	default:
		c.Action, c.Reason = plan.None, "kept: "+why
	}
	return nil
}
