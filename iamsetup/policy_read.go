package iamsetup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// policySeen is the policy as IAM shows it.
type policySeen struct {
	tags     Tags
	document string
	version  string
	attached int32 // how many users, roles and groups have it
	bounds   int32 // how many have it as their permissions boundary
}

// read returns nil when there is no such policy. One that shows without its document, since it is new or has just got
// another, is asked for again.
func (p *Policy) read(ctx context.Context) (*policySeen, error) {
	seen, last := p.readOnce(ctx)
	if !isAbsent(last) {
		return seen, last
	}
	err := p.Pace.poll(ctx, p.Pace.Settle, func(ctx context.Context) (bool, error) {
		now, err := p.readOnce(ctx)
		if err != nil && !isAbsent(err) {
			return false, err // also that of the limit's end, which says nothing of the policy
		}
		seen, last = now, err
		return seen != nil, nil
	})
	if errors.Is(err, errTooLong) {
		return nil, last
	}
	return seen, err
}

func (p *Policy) readOnce(ctx context.Context) (*policySeen, error) {
	out, err := p.API.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(p.ARN())})
	if isAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM policy %s: %w", p.ARN(), err)
	}
	seen := &policySeen{
		tags: tagsOf(out.Policy.Tags), version: aws.ToString(out.Policy.DefaultVersionId),
		attached: aws.ToInt32(out.Policy.AttachmentCount), bounds: aws.ToInt32(out.Policy.PermissionsBoundaryUsageCount),
	}
	version, err := p.API.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(p.ARN()), VersionId: &seen.version})
	if err != nil {
		return nil, fmt.Errorf("get version %s of IAM policy %s: %w", seen.version, p.ARN(), err)
	}
	seen.document, err = decodeDocument(aws.ToString(version.PolicyVersion.Document))
	if err != nil {
		return nil, fmt.Errorf("decode version %s of IAM policy %s: %w", seen.version, p.ARN(), err)
	}
	return seen, nil
}
