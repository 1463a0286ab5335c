package iamsetup

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// newVersion makes the wanted document the default one. Without the SDK's retries, since each repetition after a lost
// answer would make one more version; whether one took effect is seen by reading.
func (p *Policy) newVersion(ctx context.Context, say report) error {
	if err := p.makeRoom(ctx); err != nil {
		return err
	}
	return p.Pace.persist(ctx, say.waiting, "new version of IAM policy "+p.PolicyName, func(ctx context.Context) error {
		call, cancel := p.Pace.begun(ctx)
		defer cancel()
		_, err := p.API.CreatePolicyVersion(call, &iam.CreatePolicyVersionInput{
			PolicyArn: aws.String(p.ARN()), PolicyDocument: &p.document, SetAsDefault: true,
		}, withoutRetries)
		if isUnclear(err) {
			if seen, readErr := p.read(ctx); readErr == nil && seen != nil {
				if same, _ := SameMeaning(seen.document, p.document); same {
					return nil
				}
			}
		}
		return wrap("create version of IAM policy "+p.ARN(), err)
	})
}

// makeRoom deletes the oldest version that is not the default one when there are as many as IAM allows.
func (p *Policy) makeRoom(ctx context.Context) error {
	var versions []types.PolicyVersion
	pages := iam.NewListPolicyVersionsPaginator(p.API, &iam.ListPolicyVersionsInput{PolicyArn: aws.String(p.ARN())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list versions of IAM policy %s: %w", p.ARN(), err)
		}
		versions = append(versions, page.Versions...)
	}
	if len(versions) < versionsMax {
		return nil
	}
	versions = slices.DeleteFunc(versions, func(v types.PolicyVersion) bool { return v.IsDefaultVersion })
	oldest := slices.MinFunc(versions, func(a, b types.PolicyVersion) int { return aws.ToTime(a.CreateDate).Compare(aws.ToTime(b.CreateDate)) })
	_, err := p.API.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: aws.String(p.ARN()), VersionId: oldest.VersionId})
	if err != nil && !isAbsent(err) {
		return fmt.Errorf("delete version %s of IAM policy %s: %w", aws.ToString(oldest.VersionId), p.ARN(), err)
	}
	return nil
}
