package iamsetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

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

// ProviderRemoval takes this owner's tag off the identity provider. The provider itself goes only when told to, and with
// its last owner: roles that this tool knows nothing of may trust it.
type ProviderRemoval struct {
	Removal
	Down

	Issuer string
	Delete bool
	Roles  []Truster // looked at before: one that is kept needs the provider
}

// Name is the step's name.
func (p *ProviderRemoval) Name() string { return ProviderStep }

// PlanDestroy says what Destroy would do. It only reads.
func (p *ProviderRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return p.Plan(ctx, p.Removal, p.leaver())
}

// Destroy looks again, since somebody may have taken the provider while the roles went, and does what there is to do.
func (p *ProviderRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	return p.TakeAway(ctx, sink, p.Removal, p.leaver())
}

func (p *ProviderRemoval) leaver() Leaver {
	arn := p.Account.ProviderARN(p.Issuer)
	return Leaver{
		Step: ProviderStep, What: "IAM identity provider " + arn, Judge: p.judge,
		Resource: func() string { return "oidc-provider/" + arn },
		Read: func(ctx context.Context) (Tags, error) {
			tags, _, err := readProvider(ctx, p.API, arn)
			return tags, err
		},
		Untag: func(ctx context.Context, keys []string) error {
			return Failed(p.API.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, TagKeys: keys}))
		},
		Remove: func(ctx context.Context, say Report) error {
			return p.Gone(ctx, say, "delete IAM identity provider "+arn, func(ctx context.Context) error {
				return Failed(p.API.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn}))
			})
		},
	}
}

func (p *ProviderRemoval) judge(_ context.Context, f Fate, c *plan.Change) error {
	if f != FateLast {
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
