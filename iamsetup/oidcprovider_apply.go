package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Apply does what the last Observe said.
func (p *Provider) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: ProviderStep}
	return makeEach(ctx, say, p.todo, p.create, p.update)
}

// create makes the provider without a thumbprint: IAM then takes the certificate's authority from its own list.
func (p *Provider) create(ctx context.Context, say report) error {
	call, cancel := p.Pace.begun(ctx)
	defer cancel()
	_, err := p.API.CreateOpenIDConnectProvider(call, &iam.CreateOpenIDConnectProviderInput{
		Url: &p.Issuer, ClientIDList: []string{audience}, Tags: markTags(p.Owner, p.Tags).list(),
	})
	if err == nil {
		return nil
	}
	if !isTaken(err) && !isUnclear(err) {
		return hint.With(fmt.Errorf("create IAM identity provider %s: %w", p.ARN(), err), p.createHint(err))
	}
	return p.claim(ctx, say, err)
}

func (p *Provider) createHint(err error) string {
	switch errorCode(err) {
	case "LimitExceeded":
		return "an account has 100 identity providers by default; `aws iam list-open-id-connect-providers` lists them, also those of clusters that are gone"
	case "OpenIdIdpCommunicationError":
		return "AWS could not read " + p.Issuer + "/.well-known/openid-configuration from the internet"
	default:
		return ""
	}
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else was quicker.
func (p *Provider) claim(ctx context.Context, say report, cause error) error {
	err := p.Pace.appear(ctx, say, "identity provider of "+p.Issuer, func(ctx context.Context) (bool, error) {
		seen, err := readProvider(ctx, p.API, p.ARN())
		if err != nil || seen == nil {
			return false, err
		}
		p.seen = seen
		return true, nil
	})
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("create IAM identity provider %s: %w", p.ARN(), cause)
	case err != nil:
		return err
	case !p.seen.tags.ours() && p.believes():
		return nil // somebody else made it meanwhile, and it serves
	case !p.seen.tags.ours():
		return fmt.Errorf("create IAM identity provider %s: somebody else made it meanwhile: %w", p.ARN(), ErrNotOwned)
	}
	if err := refusal("create IAM identity provider "+p.ARN(), p.diff()); err != nil {
		return err
	}
	return p.update(ctx, say)
}

func (p *Provider) update(ctx context.Context, say report) error {
	arn := p.ARN()
	if !p.believes() {
		err := p.Pace.persist(ctx, say.waiting, "client id of identity provider "+arn, func(ctx context.Context) error {
			_, err := p.API.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{
				OpenIDConnectProviderArn: &arn, ClientID: aws.String(audience),
			})
			return wrap("add client id to IAM identity provider "+arn, err)
		})
		if err != nil {
			return err
		}
	}
	missing := p.seen.tags.missing(markTags(p.Owner, p.Tags))
	if len(missing) == 0 {
		return nil
	}
	return p.Pace.persist(ctx, say.waiting, "tag identity provider "+arn, func(ctx context.Context) error {
		_, err := p.API.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, Tags: missing.list()})
		return wrap("tag IAM identity provider "+arn, err)
	})
}
