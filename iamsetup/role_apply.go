package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Apply does what the last Observe said.
func (r *Role) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: RoleStep}
	return makeInTurn(ctx, say, r.todo, r.applyRole, r.applyAttachment)
}

func (r *Role) applyRole(ctx context.Context, say report) error {
	if r.seen == nil {
		return r.create(ctx, say)
	}
	return r.update(ctx, say)
}

func (r *Role) create(ctx context.Context, say report) error {
	document, err := newTrust(r.provider).with(r.Trusted).JSON()
	if err != nil {
		return err
	}
	call, cancel := r.Pace.begun(ctx)
	defer cancel()
	in := &iam.CreateRoleInput{
		RoleName: &r.RoleName, Path: &r.Path, AssumeRolePolicyDocument: &document, Tags: r.tags().list(),
		Description: aws.String("Lets External Secrets Operator read AWS Secrets Manager for Gen3"),
	}
	if r.Boundary != "" {
		in.PermissionsBoundary = &r.Boundary
	}
	out, err := r.API.CreateRole(call, in)
	if err == nil {
		r.seen = &roleSeen{arn: aws.ToString(out.Role.Arn), boundary: r.Boundary, tags: r.tags(), trust: newTrust(r.provider).with(r.Trusted)}
		return nil
	}
	if !isTaken(err) && !isUnclear(err) {
		return fmt.Errorf("create IAM role %s: %w", r.RoleName, err)
	}
	return r.claim(ctx, say, err)
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else has the name.
func (r *Role) claim(ctx context.Context, say report, cause error) error {
	what := "create IAM role " + r.RoleName
	err := r.Pace.appear(ctx, say, "IAM role "+r.RoleName, func(ctx context.Context) (bool, error) {
		seen, err := r.read(ctx)
		if err != nil || seen == nil {
			return false, err
		}
		r.seen = seen
		return true, nil
	})
	switch {
	case errors.Is(err, errTooLong):
		return hint.With(fmt.Errorf("%s: %w", what, cause), "names are unique without regard to case; `aws iam list-roles` shows the one in the way")
	case err != nil:
		return err
	case !r.seen.tags.ours():
		return fmt.Errorf("%s: somebody else made it meanwhile: %w", what, ErrNotOwned)
	}
	if err = r.readTrustQuota(ctx); err != nil {
		return err
	}
	if r.has, err = r.policies(ctx); err != nil {
		return err
	}
	changes, err := r.diff()
	if err != nil {
		return err
	}
	if err := refusal(what, changes); err != nil {
		return err
	}
	return r.update(ctx, say)
}

// update brings a role in line.
func (r *Role) update(ctx context.Context, say report) error {
	if r.boundaryDiffers() {
		err := r.Pace.persist(ctx, say.waiting, "permissions boundary of IAM role "+r.RoleName, func(ctx context.Context) error {
			_, err := r.API.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &r.RoleName, PermissionsBoundary: &r.Boundary})
			return wrap("set permissions boundary of IAM role "+r.RoleName, err)
		})
		if err != nil {
			return err
		}
	}
	first, last := r.inTurn(r.missingTags())
	if err := r.tag(ctx, say, first); err != nil {
		return err
	}
	if err := r.updateTrust(ctx, say); err != nil {
		return err
	}
	return r.tag(ctx, say, last)
}

// inTurn says which tags go before the trust policy and which after it. A new owner is entered first, so that no
// teardown of another takes the role away. While the issuer changes, the owner's tag names the new one and the old: what
// the policy lets in stays proved to be this owner's wherever the run is interrupted.
func (r *Role) inTurn(missing Tags) (first, last Tags) {
	own := tagOwner + r.Owner.String()
	before := without(strings.Fields(r.seen.tags[own]), []string{missing[own]})
	if _, ok := missing[own]; !ok || len(before) == 0 {
		return missing, nil
	}
	first, last = maps.Clone(missing), Tags{own: missing[own]}
	first[own] = strings.Join(append([]string{missing[own]}, before...), " ")
	if len(first[own]) > tagMax || first[own] == r.seen.tags[own] {
		delete(first, own) // the old one stays until it is let out
	}
	return first, last
}

func (r *Role) tag(ctx context.Context, say report, missing Tags) error {
	if len(missing) == 0 {
		return nil
	}
	return r.Pace.persist(ctx, say.waiting, "tag IAM role "+r.RoleName, func(ctx context.Context) error {
		_, err := r.API.TagRole(ctx, &iam.TagRoleInput{RoleName: &r.RoleName, Tags: missing.list()})
		return wrap("tag IAM role "+r.RoleName, err)
	})
}

func (r *Role) updateTrust(ctx context.Context, say report) error {
	if _, why := r.merge(r.seen); len(why) == 0 {
		return nil
	}
	return r.entrust(ctx, say)
}

// applyAttachment attaches the policy. Both role and policy may be so new that IAM does not see them everywhere.
func (r *Role) applyAttachment(ctx context.Context, say report) error {
	err := r.Pace.persist(ctx, say.waiting, "attach policy to IAM role "+r.RoleName, func(ctx context.Context) error {
		_, err := r.API.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.RoleName, PolicyArn: &r.PolicyARN})
		return wrap("attach IAM policy "+r.PolicyARN+" to role "+r.RoleName, err)
	})
	if errorCode(err) == "LimitExceeded" {
		return hint.With(err, "a role has 10 managed policies by default; detach one, or give this one a role of its own with --role-name")
	}
	return err
}
