package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Apply does what the last Observe said.
func (p *Policy) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: PolicyStep}
	return makeEach(ctx, say, p.todo, p.create, p.update)
}

func (p *Policy) create(ctx context.Context, say report) error {
	call, cancel := p.Pace.begun(ctx)
	defer cancel()
	_, err := p.API.CreatePolicy(call, &iam.CreatePolicyInput{
		PolicyName: &p.PolicyName, Path: &p.Path, PolicyDocument: &p.document,
		Description: aws.String("Lets External Secrets Operator read AWS Secrets Manager for Gen3"),
		Tags:        markTags(p.Owner, p.Tags).list(),
	})
	if err == nil {
		return nil
	}
	if !isTaken(err) && !isUnclear(err) {
		return fmt.Errorf("create IAM policy %s: %w", p.ARN(), err)
	}
	return p.claim(ctx, say, err)
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else has the name.
func (p *Policy) claim(ctx context.Context, say report, cause error) error {
	err := p.Pace.appear(ctx, say, "IAM policy "+p.PolicyName, func(ctx context.Context) (bool, error) {
		seen, err := p.read(ctx)
		if err != nil || seen == nil {
			return false, err
		}
		p.seen = seen
		return true, nil
	})
	switch {
	case errors.Is(err, errTooLong) && isTaken(cause):
		return hint.With(fmt.Errorf("create IAM policy %s: the name is in use under another path: %w", p.ARN(), cause),
			"names are unique in an account without regard to path and case; give its path with --iam-path, or --policy-name for another")
	case errors.Is(err, errTooLong):
		return fmt.Errorf("create IAM policy %s: %w", p.ARN(), cause)
	case err != nil:
		return err
	case !p.seen.tags.ours():
		return fmt.Errorf("create IAM policy %s: somebody else made it meanwhile: %w", p.ARN(), ErrNotOwned)
	}
	changes, err := p.diff()
	if err != nil {
		return err
	}
	if err := refusal("create IAM policy "+p.ARN(), changes); err != nil {
		return err
	}
	return p.update(ctx, say)
}

// refusal is an error when what a create found in its place is not to be changed: another run was quicker, and its owner
// must not lose what it made.
func refusal(what string, changes []plan.Change) error {
	for _, c := range plan.BlockedIn(changes) {
		return hint.With(fmt.Errorf("%s: somebody else made it meanwhile: %s", what, c.Reason), c.Hint)
	}
	return nil
}

func (p *Policy) update(ctx context.Context, say report) error {
	same, err := SameMeaning(p.seen.document, p.document)
	if err != nil {
		return fmt.Errorf("compare IAM policy %s: %w", p.ARN(), err)
	}
	if !same {
		if err := p.newVersion(ctx, say); err != nil {
			return err
		}
	}
	missing := p.seen.tags.missing(markTags(p.Owner, p.Tags))
	if len(missing) == 0 {
		return nil
	}
	return p.Pace.persist(ctx, say.waiting, "tag IAM policy "+p.PolicyName, func(ctx context.Context) error {
		_, err := p.API.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(p.ARN()), Tags: missing.list()})
		return wrap("tag IAM policy "+p.ARN(), err)
	})
}
