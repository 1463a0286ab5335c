package oidcprovider

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name of the step that owns the identity provider of the cluster's issuer.
const Step = "oidc-provider"

// Audience is what tokens for AWS are made out to, in every partition.
const Audience = "sts.amazonaws.com"

// Up is the step for the identity provider through which the account believes the cluster's tokens. It belongs to
// the cluster and not to one namespace, so it is made only when told to, and one that is there is used as it is.
type Up struct {
	iamsetup.Up

	Issuer string
	Create bool // make it where there is none

	clients []string // whom the provider takes tokens for
}

// Name is the step's name.
func (p *Up) Name() string { return Step }

// ARN is the provider's: it follows from the issuer.
func (p *Up) ARN() string { return p.Account.ProviderARN(p.Issuer) }

// Observe judges the issuer, reads its provider and says what Apply would do.
func (p *Up) Observe(ctx context.Context) ([]plan.Change, error) {
	if err := CheckIssuer(p.Issuer); err != nil {
		return p.Refuse(p.change(), err.Error(), hint.Lines(err)...), nil
	}
	return p.Plan(ctx, p.resource())
}

// Apply does what the last Observe said.
func (p *Up) Apply(ctx context.Context, sink event.Sink) error {
	return p.Make(ctx, sink, p.resource())
}

func (p *Up) resource() iamsetup.Resource {
	return iamsetup.Resource{What: "IAM identity provider " + p.ARN(), Look: p.read, Judge: p.judge, Create: p.create, Update: p.update, Cure: p.cure, Content: p.content}
}

// content is whose tokens the account believes, and whom these may be made out to.
func (p *Up) content() []plan.Field {
	issuer, clients := plan.Field{Name: "issuer", After: p.Issuer}, plan.Field{Name: "audiences", After: []string{Audience}}
	if p.Have() != nil {
		issuer.Before, clients.Before, clients.After = p.Issuer, slices.Clone(p.clients), slices.Clone(p.clients)
		if !p.believes() {
			clients.After = append(slices.Clone(p.clients), Audience)
		}
	}
	return []plan.Field{issuer, clients}
}

func (p *Up) change() plan.Change {
	return plan.Change{Step: Step, Resource: plan.Of(plan.OIDCProvider, p.ARN())}
}

func (p *Up) read(ctx context.Context) error {
	tags, clients, err := get(ctx, p.API, p.ARN())
	p.Saw(tags)
	p.clients = clients
	return err
}

// get returns no tags at all where there is none.
func get(ctx context.Context, api *iam.Client, arn string) (tags iamsetup.Tags, clients []string, err error) {
	out, err := api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if iamsetup.IsAbsent(err) {
		return nil, nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, nil, fmt.Errorf("get IAM identity provider %s: %w", arn, err)
	}
	return iamsetup.TagsOf(out.Tags), out.ClientIDList, nil
}

// judge leaves a provider without our mark that serves to its owner, also with --adopt: every role of the cluster hangs on
// it, and whoever made it goes on looking after it.
func (p *Up) judge() ([]plan.Change, error) {
	c, what := p.change(), "identity provider "+p.ARN()
	var why []string
	if !p.believes() {
		why = []string{"it lacks client id " + Audience}
	}
	switch {
	case p.Have() == nil && p.Create:
		c.Action, c.Reason = plan.Create, "there is no identity provider for the cluster's issuer "+p.Issuer
	case p.Have() == nil:
		c = iamsetup.Blocked(c, fmt.Sprintf("there is no identity provider for the cluster's issuer %s, so account %s believes none of its tokens", p.Issuer, p.Account.ID),
			"--create-oidc-provider makes it; so does `eksctl utils associate-iam-oidc-provider --cluster NAME --approve`")
	case !p.Have().Ours() && (p.believes() || !p.Adopt):
		c = iamsetup.Foreign(c, what, why, fmt.Sprintf("--adopt takes it over and adds the client id, which the tokens of --irsa are made out to; so does `%s`, without taking over",
			hint.Command("aws", "iam", "add-client-id-to-open-id-connect-provider", "--client-id", Audience, "--open-id-connect-provider-arn", p.ARN())))
	default:
		c = p.Own(c, iamsetup.Difference{What: what, Why: why, Missing: p.Have().Missing(p.Marks()), Full: "take out the tags of owners that are gone: `" +
			p.Invocation.Command("teardown", "--cluster-id", "UID", "-n", "NAMESPACE", "--oidc-issuer", p.Issuer) + "`"})
	}
	return []plan.Change{c}, nil
}

func (p *Up) believes() bool { return slices.Contains(p.clients, Audience) }

// create makes the provider without a thumbprint: IAM then takes the certificate's authority from its own list.
func (p *Up) create(ctx context.Context) error {
	return iamsetup.Failed(p.API.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: &p.Issuer, ClientIDList: []string{Audience}, Tags: p.Marks().List(),
	}))
}

func (p *Up) cure(err error) string {
	switch iamsetup.ErrorCode(err) {
	case "LimitExceeded":
		return "an account has 100 identity providers by default; `aws iam list-open-id-connect-providers` lists them, also those of clusters that are gone"
	case "OpenIdIdpCommunicationError":
		return "AWS could not read " + p.Issuer + "/.well-known/openid-configuration from the internet"
	default:
		return ""
	}
}

func (p *Up) update(ctx context.Context, say iamsetup.Report) error {
	arn := p.ARN()
	if !p.believes() {
		err := p.Write(ctx, say, "add client id to IAM identity provider "+arn, func(ctx context.Context) error {
			return iamsetup.Failed(p.API.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{
				OpenIDConnectProviderArn: &arn, ClientID: aws.String(Audience),
			}))
		})
		if err != nil {
			return err
		}
	}
	return p.Tag(ctx, say, "IAM identity provider "+arn, p.Have().Missing(p.Marks()), func(ctx context.Context, tags []types.Tag) error {
		return iamsetup.Failed(p.API.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, Tags: tags}))
	})
}
