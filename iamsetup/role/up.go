package role

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name of the step that owns the role of a ServiceAccount and its policy attachment.
const Step = "irsa-role"

// Up is the step for the role that a ServiceAccount takes, with the policy attached. Namespaces and clusters can share
// one. It is only ever changed in place: made again it would have another id, which breaks what trusts it.
type Up struct {
	principal.Up

	RoleName string
	Trusted  Trusted   // who takes the role
	Earlier  []Trusted // whom earlier runs for this owner let in, as the record has it: a hint that proves nothing

	seen     *roleSeen // nil: there is none
	trustMax int       // characters that the trust policy may have
}

// Name is the step's name.
func (r *Up) Name() string { return Step }

// ARN is the role's as IAM returned it, else the one that it will have.
func (r *Up) ARN() string { return cmp.Or(r.Up.ARN(), r.Account.RoleARN(r.Path, r.RoleName)) }

// Observe reads the role and what is attached to it, and says what Apply would do.
func (r *Up) Observe(ctx context.Context) ([]plan.Change, error) {
	r.On(calls(r.API, r.RoleName))
	return r.Plan(ctx, r.resource())
}

// Apply does what the last Observe said.
func (r *Up) Apply(ctx context.Context, sink event.Sink) error {
	return r.MakeBoth(ctx, sink, r.resource())
}

func (r *Up) resource() iamsetup.Resource {
	out := r.Resource(r.read)
	look := out.Look
	out.Look = func(ctx context.Context) error {
		if err := look(ctx); err != nil {
			return err
		}
		return r.readTrustQuota(ctx)
	}
	out.Judge, out.Create, out.Update, out.Content = r.judge, r.create, r.update, r.content
	return out
}

// content is whom the role trusts, and its permissions boundary.
func (r *Up) content() []plan.Field {
	trusts := plan.Field{Name: "trusts"}
	next := newTrust(r.Account.ProviderARN).with(r.Trusted)
	if r.seen != nil {
		var why []string
		if next, why = r.merge(r.seen); len(why) == 0 {
			next = r.seen.trust
		}
		trusts.Before = r.seen.trust.lines()
		if !r.seen.trust.letsIn(r.Trusted) {
			trusts.Mark = plan.MarkWidens
		}
	}
	trusts.After = next.lines()
	return append([]plan.Field{trusts}, r.Content()...)
}

func (r *Up) read(ctx context.Context) error {
	seen, err := readRole(ctx, r.API, r.Account, r.RoleName)
	r.show(seen)
	return err
}

func (r *Up) show(seen *roleSeen) {
	r.seen = seen
	if seen == nil {
		r.Found(nil, r.Account.RoleARN(r.Path, r.RoleName), "")
		return
	}
	r.Found(seen.tags, seen.arn, seen.bounds)
}

func (r *Up) judge() ([]plan.Change, error) {
	if r.seen == nil {
		return r.JudgeBoth(iamsetup.Difference{}, nil), nil
	}
	var unfit []string
	if !r.seen.trust.letsIn(r.Trusted) {
		unfit = append(unfit, "its trust policy does not let in "+r.Trusted.String())
	}
	next, why := r.merge(r.seen)
	out := r.JudgeBoth(iamsetup.Difference{Why: why, Missing: r.missing()}, unfit)
	size, err := next.characters()
	switch {
	case err != nil || !r.Have().Ours() && !r.Adopt:
	case len(why) > 0 && size > r.trustMax:
		out[0] = iamsetup.Blocked(out[0], fmt.Sprintf("trust policy of IAM role %s would have %d characters and the account allows %d, with %s let in", r.ARN(), size, r.trustMax, r.Trusted),
			"each namespace and each cluster that shares a role takes its part of them: give this one a role of its own, by another --role-name or without it")
	case out[0].Action == plan.None:
		out[0].Reason += r.elsewhere()
	}
	return out, err
}

// marks are the tags that the role carries for this owner. The owner's own names the issuer, which tells later which
// statement of the trust policy is its.
func (r *Up) marks() iamsetup.Tags {
	tags := r.Marks()
	tags[iamsetup.TagOwner+r.Owner.String()] = iamsetup.TagValue(r.Trusted.Issuer)
	return tags
}

func (r *Up) missing() iamsetup.Tags {
	wanted, own := r.marks(), iamsetup.TagOwner+r.Owner.String()
	missing := r.Have().Missing(wanted)
	if r.Have()[own] != wanted[own] {
		missing[own] = wanted[own]
	}
	return missing
}

func (r *Up) create(ctx context.Context) error {
	trust := newTrust(r.Account.ProviderARN).with(r.Trusted)
	document, err := trust.JSON()
	if err != nil {
		return err
	}
	in := &iam.CreateRoleInput{
		RoleName: &r.RoleName, Path: &r.Path, AssumeRolePolicyDocument: &document, Tags: r.marks().List(),
		Description: aws.String("Lets External Secrets Operator read AWS Secrets Manager for Gen3"),
	}
	if r.Boundary != "" {
		in.PermissionsBoundary = &r.Boundary
	}
	out, err := r.API.CreateRole(ctx, in)
	if err == nil {
		r.show(&roleSeen{arn: aws.ToString(out.Role.Arn), bounds: r.Boundary, tags: r.marks(), trust: trust})
	}
	return err // the caller says what it was doing
}

// LetIn are the ServiceAccounts that the role's trust policy names, in statements of our form, and the number of its
// other statements.
func (r *Up) LetIn() (named []Trusted, others int) {
	if r.seen == nil {
		return nil, 0
	}
	for _, raw := range r.seen.trust.statements {
		if _, _, ok := r.seen.trust.read(raw); !ok {
			others++
		}
	}
	return r.seen.trust.named(), others
}
