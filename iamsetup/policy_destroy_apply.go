package iamsetup

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// Destroy looks again, since the users and roles before it may have failed to go, and does what there is to do.
func (p *PolicyRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	if _, err := p.PlanDestroy(ctx); err != nil {
		return err
	}
	say := report{sink: sink, step: PolicyStep}
	return unmake(ctx, say, p.todo, p.delete, p.leave)
}

// delete takes the policy off those of ours that stay, and then away with its versions.
func (p *PolicyRemoval) delete(ctx context.Context, say report) error {
	for _, bearer := range p.held(holdKept) {
		if err := p.detach(ctx, say, bearer); err != nil {
			return err
		}
	}
	if err := p.deleteVersions(ctx, say); err != nil {
		return err
	}
	return p.gone(ctx, say, "delete IAM policy "+p.ARN, func(ctx context.Context) error {
		_, err := p.API.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &p.ARN})
		return err // gone wraps
	})
}

func (p *PolicyRemoval) detach(ctx context.Context, say report, bearer string) error {
	kind, name, _ := strings.Cut(bearer, "/")
	return p.gone(ctx, say, "detach IAM policy "+p.ARN+" from "+bearer, func(ctx context.Context) (err error) {
		if kind == "role" {
			_, err = p.API.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &p.ARN})
		} else {
			_, err = p.API.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &p.ARN})
		}
		return err
	})
}

func (p *PolicyRemoval) deleteVersions(ctx context.Context, say report) error {
	pages := iam.NewListPolicyVersionsPaginator(p.API, &iam.ListPolicyVersionsInput{PolicyArn: &p.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list versions of IAM policy %s: %w", p.ARN, err)
		}
		for _, v := range page.Versions {
			if v.IsDefaultVersion {
				continue // it goes with the policy
			}
			err := p.gone(ctx, say, fmt.Sprintf("delete version %s of IAM policy %s", aws.ToString(v.VersionId), p.ARN), func(ctx context.Context) error {
				_, err := p.API.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &p.ARN, VersionId: v.VersionId})
				return err // gone wraps
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// leave takes this owner's tag off. Two owners may do so at the same time, each for the sake of the other: then nobody
// has the policy any more, and it goes.
func (p *PolicyRemoval) leave(ctx context.Context, say report) error {
	wasShared := p.fate() == fateShared
	keys := p.ownerTags(p.tags)
	err := p.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM policy "+p.ARN, func(ctx context.Context) error {
		_, err := p.API.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &p.ARN, TagKeys: keys})
		return err // gone wraps
	})
	if err != nil || !wasShared {
		return err
	}
	if nobodys, err := p.abandons(ctx, say, "IAM policy "+p.ARN, func(ctx context.Context) (Tags, error) {
		err := p.read(ctx)
		return p.tags, err
	}); err != nil || !nobodys {
		return err
	}
	if p.users, err = p.attachedTo(ctx); err != nil || p.bounds > 0 || len(p.held(holdOutside)) > 0 || len(p.held(holdStuck)) > 0 {
		return err
	}
	return p.delete(ctx, say)
}
