package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
)

func (p *Up) create(ctx context.Context) error {
	return iamsetup.Failed(p.API.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: &p.PolicyName, Path: &p.Path, PolicyDocument: &p.document,
		Description: aws.String("Lets External Secrets Operator read AWS Secrets Manager for Gen3"),
		Tags:        p.Marks().List(),
	}))
}

func (p *Up) update(ctx context.Context, say iamsetup.Report) error {
	same, err := document.SameMeaning(p.inPlace, p.document)
	if err != nil {
		return fmt.Errorf("compare IAM policy %s: %w", p.ARN(), err)
	}
	if !same {
		if err := p.newVersion(ctx, say); err != nil {
			return err
		}
	}
	return p.Tag(ctx, say, "IAM policy "+p.ARN(), p.Have().Missing(p.Marks()), func(ctx context.Context, tags []types.Tag) error {
		return iamsetup.Failed(p.API.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(p.ARN()), Tags: tags}))
	})
}

// newVersion makes the wanted document the default one. Without the SDK's retries, since each repetition after a lost
// answer would make one more version; whether one took effect is seen by reading.
func (p *Up) newVersion(ctx context.Context, say iamsetup.Report) error {
	if err := p.makeRoom(ctx); err != nil {
		return err
	}
	return p.Write(ctx, say, "create version of IAM policy "+p.ARN(), func(ctx context.Context) error {
		call, cancel := p.Pace.Begun(ctx)
		defer cancel()
		err := iamsetup.Failed(p.API.CreatePolicyVersion(call, &iam.CreatePolicyVersionInput{
			PolicyArn: aws.String(p.ARN()), PolicyDocument: &p.document, SetAsDefault: true,
		}, iamsetup.WithoutRetries))
		if iamsetup.IsUnclear(err) && p.read(ctx) == nil && p.Have() != nil {
			if same, _ := document.SameMeaning(p.inPlace, p.document); same {
				return nil
			}
		}
		return err
	})
}

// makeRoom deletes the oldest version that is not the default one when there are as many as IAM allows.
func (p *Up) makeRoom(ctx context.Context) error {
	others, err := otherVersions(ctx, p.API, p.ARN())
	if err != nil || len(others) < versionsMax-1 {
		return err
	}
	oldest := slices.MinFunc(others, func(a, b types.PolicyVersion) int { return aws.ToTime(a.CreateDate).Compare(aws.ToTime(b.CreateDate)) })
	_, err = p.API.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: aws.String(p.ARN()), VersionId: oldest.VersionId})
	if err != nil && !iamsetup.IsAbsent(err) {
		return fmt.Errorf("delete version %s of IAM policy %s: %w", aws.ToString(oldest.VersionId), p.ARN(), err)
	}
	return nil
}
