package iamsetup

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// ProviderRemoval takes this owner's tag off the identity provider. The provider itself goes only when told to, and with
// its last owner: roles that this tool knows nothing of may trust it.
type ProviderRemoval struct {
	Removal

	API     *iam.Client
	Account Account
	Issuer  string
	Delete  bool
	Roles   []*RoleRemoval // looked at before: one that stays needs the provider

	seen *providerSeen // nil: there is none
	todo plan.Change
}

// Judged is what the last look came to: Destroy's, once that was called.
func (p *ProviderRemoval) Judged() []plan.Change { return []plan.Change{p.todo} }

// Name is the step's name.
func (p *ProviderRemoval) Name() string { return ProviderStep }

func (p *ProviderRemoval) arn() string { return p.Account.ProviderARN(p.Issuer) }

// PlanDestroy says what Destroy would do. It only reads.
func (p *ProviderRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	err := p.sure(ctx, "identity provider "+p.arn(), func(ctx context.Context) (bool, error) {
		var err error
		p.seen, err = readProvider(ctx, p.API, p.arn())
		return p.seen != nil, err
	})
	if err != nil {
		return nil, err
	}
	p.todo = p.judge()
	return []plan.Change{p.todo}, nil
}

func (p *ProviderRemoval) judge() plan.Change {
	c := plan.Change{Step: ProviderStep, Resource: "oidc-provider/" + p.arn()}
	if p.seen == nil {
		c.Action, c.Reason = p.describe(fateAbsent, nil)
		return c
	}
	f := p.fateOf(p.seen.tags)
	c.Action, c.Reason = p.describe(f, p.seen.tags)
	role := p.needed()
	if f != fateLast || p.Delete && role == "" {
		return c
	}
	why := "other roles may trust it; --delete-oidc-provider deletes it"
	if p.Delete {
		why = "IAM role " + role + " stays, and trusts it"
	}
	c.Action, c.Reason = plan.None, "ours, and left: "+why
	if len(p.ownerTags(p.seen.tags)) > 0 {
		c.Action, c.Reason = plan.Update, "only the tag of this namespace goes: "+why
	}
	return c
}

// needed names a role that stays and lets in whom the provider vouches for.
func (p *ProviderRemoval) needed() string {
	for _, r := range p.Roles {
		if r.staysTrusting(p.Issuer) {
			return r.Role.RoleName
		}
	}
	return ""
}

// Destroy looks again, since somebody may have taken the provider while the roles went, and does what there is to do.
func (p *ProviderRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if _, err := p.PlanDestroy(ctx); err != nil {
		return err
	}
	say := report{sink: sink, step: ProviderStep}
	return unmake(ctx, say, p.todo, p.delete, p.leave)
}

func (p *ProviderRemoval) delete(ctx context.Context, say report) error {
	arn := p.arn()
	return p.gone(ctx, say, "delete IAM identity provider "+arn, func(ctx context.Context) error {
		_, err := p.API.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		return err // gone wraps
	})
}

// leave takes this owner's tag off. Two owners may do so at the same time, each for the sake of the other: then nobody
// has the provider any more, and it goes if it was to.
func (p *ProviderRemoval) leave(ctx context.Context, say report) error {
	arn, keys := p.arn(), p.ownerTags(p.seen.tags)
	err := p.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM identity provider "+arn, func(ctx context.Context) error {
		_, err := p.API.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, TagKeys: keys})
		return err // gone wraps
	})
	if err != nil || !p.Delete || p.needed() != "" {
		return err
	}
	nobodys, err := p.abandons(ctx, say, "identity provider "+arn, func(ctx context.Context) (Tags, error) {
		now, err := readProvider(ctx, p.API, arn)
		if err != nil || now == nil {
			return nil, err
		}
		return now.tags, nil
	})
	if err != nil || !nobodys {
		return err
	}
	return p.delete(ctx, say)
}
