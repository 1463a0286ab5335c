package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// ProviderStep is the name of the step that owns the identity provider of the cluster's issuer.
const ProviderStep = "oidc-provider"

type providerAPI interface {
	getProviderAPI
	CreateOpenIDConnectProvider(context.Context, *iam.CreateOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.CreateOpenIDConnectProviderOutput, error)
	AddClientIDToOpenIDConnectProvider(context.Context, *iam.AddClientIDToOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.AddClientIDToOpenIDConnectProviderOutput, error)
	TagOpenIDConnectProvider(context.Context, *iam.TagOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.TagOpenIDConnectProviderOutput, error)
}

type getProviderAPI interface {
	GetOpenIDConnectProvider(context.Context, *iam.GetOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.GetOpenIDConnectProviderOutput, error)
}

var _ providerAPI = (*iam.Client)(nil)

// Provider is the step for the identity provider through which the account believes the cluster's tokens. It belongs to
// the cluster and not to one namespace, so it is made only when told to, and one that is there is used as it is.
type Provider struct {
	API       providerAPI
	Owner     Owner
	Pace      Pace
	Partition string
	Account   string
	Issuer    string
	Tags      map[string]string // the operator's own
	Create    bool              // make it where there is none
	Adopt     bool

	seen *providerSeen // nil: there is none
	todo []plan.Change
}

// providerSeen is the provider as IAM shows it.
type providerSeen struct {
	tags    Tags
	clients []string
}

// Name is the step's name.
func (p *Provider) Name() string { return ProviderStep }

// ARN is the provider's: it follows from the issuer.
func (p *Provider) ARN() string { return providerARN(p.Partition, p.Account, p.Issuer) }

// Observe judges the issuer, reads its provider and says what Apply would do.
func (p *Provider) Observe(ctx context.Context) ([]plan.Change, error) {
	p.seen = nil
	if err := CheckIssuer(p.Issuer); err != nil {
		p.todo = p.one(plan.Blocked, err.Error(), hint.Of(err))
		return p.todo, nil
	}
	var err error
	if p.seen, err = readProvider(ctx, p.API, p.ARN()); err != nil {
		return nil, err
	}
	p.todo = p.diff()
	return p.todo, nil
}

func readProvider(ctx context.Context, api getProviderAPI, arn string) (*providerSeen, error) {
	out, err := api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if isAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM identity provider %s: %w", arn, err)
	}
	return &providerSeen{tags: tagsOf(out.Tags), clients: out.ClientIDList}, nil
}

func (p *Provider) diff() []plan.Change {
	switch {
	case p.seen == nil && p.Create:
		return p.one(plan.Create, "there is no identity provider for the cluster's issuer "+p.Issuer, "")
	case p.seen == nil:
		return p.one(plan.Blocked, fmt.Sprintf("there is no identity provider for the cluster's issuer %s, so account %s believes none of its tokens", p.Issuer, p.Account),
			"--create-oidc-provider makes it; so does `eksctl utils associate-iam-oidc-provider --cluster NAME --approve`")
	case !p.seen.tags.ours():
		return p.foreign()
	}
	missing := p.seen.tags.missing(markTags(p.Owner, p.Tags))
	if reason, keep := p.seen.tags.disputed(p.Owner, missing, "identity provider "+p.ARN()); reason != "" {
		return p.one(plan.Blocked, reason, fmt.Sprintf("give %s, or leave that tag out", keep))
	}
	if err := p.seen.tags.room(missing); err != nil {
		return p.one(plan.Blocked, fmt.Sprintf("tag IAM identity provider %s: %s", p.ARN(), err),
			"take out the tags of owners that are gone: `"+hint.Command("gen3-bootstrap", "teardown", "--cluster-id", "UID", "-n", "NAMESPACE", "--oidc-issuer", p.Issuer)+"`")
	}
	var why []string
	if !p.believes() {
		why = append(why, "it lacks client id "+audience)
	}
	why = append(why, p.seen.tags.lacking(missing)...)
	if len(why) == 0 {
		return p.one(plan.None, "as wanted", "")
	}
	return p.one(plan.Update, strings.Join(why, "; "), "")
}

// foreign judges a provider without our mark. One that serves is never taken over, also not with --adopt: every role of
// the cluster hangs on it, and whoever made it goes on looking after it.
func (p *Provider) foreign() []plan.Change {
	switch {
	case p.believes():
		return p.one(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", "")
	case p.Adopt:
		return p.one(plan.Adopt, "it carries no mark of ours, and lacks client id "+audience, "")
	default:
		return p.one(plan.Blocked, fmt.Sprintf("identity provider %s was not made by gen3-bootstrap and lacks client id %s, which the tokens of --irsa are made out to", p.ARN(), audience),
			fmt.Sprintf("--adopt takes it over and adds the client id; so does `%s`, without taking over",
				hint.Command("aws", "iam", "add-client-id-to-open-id-connect-provider", "--client-id", audience, "--open-id-connect-provider-arn", p.ARN())))
	}
}

func (p *Provider) believes() bool { return slices.Contains(p.seen.clients, audience) }

func (p *Provider) one(action plan.Action, reason, cure string) []plan.Change {
	return []plan.Change{{Step: ProviderStep, Resource: "oidc-provider/" + p.ARN(), Action: action, Reason: reason, Hint: cure}}
}
