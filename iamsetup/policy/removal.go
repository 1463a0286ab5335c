package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Bearer is a user or role of the same teardown, to which the policy may be attached.
type Bearer interface {
	// Bearer is as ListEntitiesForPolicy names it: "user/name" or "role/name".
	Bearer() (name string, h iamsetup.Hold)
	// Detach takes the policy off.
	Detach(ctx context.Context, say iamsetup.Report, r iamsetup.Removal, policyARN string) error
}

// Removal takes the managed policy away, when its users and roles are gone. A policy that something else uses is
// kept, and said.
type Removal struct {
	iamsetup.Removal
	iamsetup.Down

	ARN     string
	Bearers []Bearer

	users  []string
	bounds int32 // how many identities it is the permissions boundary of
}

// Name is the step's name.
func (p *Removal) Name() string { return Step }

// Attached reports whether anybody has the policy, or is bound by it.
func (p *Removal) Attached() bool { return len(p.users) > 0 || p.bounds > 0 }

// PlanDestroy says what Destroy would do. It only reads.
func (p *Removal) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	return p.Plan(ctx, p.Removal, p.leaver())
}

// Destroy looks again, since the users and roles before it may have failed to go, and does what there is to do.
func (p *Removal) Destroy(ctx context.Context, sink event.Sink) error {
	return p.TakeAway(ctx, sink, p.Removal, p.leaver())
}

func (p *Removal) leaver() iamsetup.Leaver {
	return iamsetup.Leaver{
		Step: Step, What: "IAM policy " + p.ARN, Read: p.read, Judge: p.judge, Remove: p.remove,
		Resource: func() plan.Resource { return plan.Of(plan.IAMPolicy, p.ARN) },
		Untag: func(ctx context.Context, keys []string) error {
			return iamsetup.Failed(p.API.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &p.ARN, TagKeys: keys}))
		},
	}
}

func (p *Removal) read(ctx context.Context) (iamsetup.Tags, error) {
	p.users, p.bounds = nil, 0
	seen, err := get(ctx, p.API, p.ARN)
	if seen == nil {
		return nil, err
	}
	p.bounds = aws.ToInt32(seen.PermissionsBoundaryUsageCount)
	return iamsetup.TagsOf(seen.Tags), nil
}

func (p *Removal) judge(ctx context.Context, f iamsetup.Fate, c *plan.Change) (err error) {
	if f != iamsetup.FateLast {
		return nil
	}
	if p.users, err = p.attachedTo(ctx); err != nil {
		return err
	}
	use := p.held(iamsetup.HoldOutside)
	if p.bounds > 0 {
		use = append(use, fmt.Sprintf("%d identities whose permissions boundary it is", p.bounds))
	}
	uses := strings.Join(use, ", ")
	switch stuck := p.held(iamsetup.HoldStuck); {
	case len(stuck) > 0:
		*c = iamsetup.Blocked(*c, fmt.Sprintf("IAM policy %s is kept: it is attached to %s, which is still there", p.ARN, strings.Join(stuck, ", ")), "run teardown again when that is gone")
		return nil
	case len(use) == 0:
		return nil
	case len(p.OwnerTags(p.Tags())) > 0:
		c.Action, c.Reason = plan.Update, "only the tag of this namespace is removed, as something else uses the policy: "+uses
	default:
		c.Action, c.Reason = plan.None, "kept, as something else uses it: "+uses
	}
	p.Warn(fmt.Sprintf("IAM policy %s is kept, since something else uses it: %s; once that has ended, `%s` removes it", p.ARN, uses, p.teardown()))
	return nil
}

// attachedTo lists who has the policy, each as "user/name", "role/name" or "group/name".
func (p *Removal) attachedTo(ctx context.Context) ([]string, error) {
	out, err := iamsetup.List(ctx, iam.NewListEntitiesForPolicyPaginator(p.API, &iam.ListEntitiesForPolicyInput{PolicyArn: &p.ARN}),
		func(page *iam.ListEntitiesForPolicyOutput) []string {
			return slices.Concat(
				iamsetup.Names(page.PolicyUsers, func(u types.PolicyUser) string { return "user/" + aws.ToString(u.UserName) }),
				iamsetup.Names(page.PolicyRoles, func(r types.PolicyRole) string { return "role/" + aws.ToString(r.RoleName) }),
				iamsetup.Names(page.PolicyGroups, func(g types.PolicyGroup) string { return "group/" + aws.ToString(g.GroupName) }))
		})
	if err != nil && !iamsetup.IsAbsent(err) {
		return nil, fmt.Errorf("list what IAM policy %s is attached to: %w", p.ARN, err)
	}
	slices.Sort(out)
	return slices.Compact(out), nil // one that the policy also bounds is there twice
}

// held are the identities with the policy that stand so to this teardown.
func (p *Removal) held(by iamsetup.Hold) []string {
	return slices.DeleteFunc(slices.Clone(p.users), func(identity string) bool {
		for _, b := range p.Bearers {
			if name, h := b.Bearer(); strings.EqualFold(name, identity) {
				return h != by
			}
		}
		return by != iamsetup.HoldOutside
	})
}

// teardown is the command that also takes the policy's old versions, which DeletePolicy by itself stumbles over.
func (p *Removal) teardown() string {
	_, full, _ := strings.Cut(p.ARN, ":policy")
	path, name := full[:strings.LastIndex(full, "/")+1], iamsetup.LastPart(full)
	command := []string{"teardown", "--only", Step, "--policy-name", name}
	if path != "/" {
		command = append(command, "--iam-path", path)
	}
	return p.Invocation.Command(command...)
}

// remove takes the policy off those of ours that are kept, and then deletes it with its versions.
func (p *Removal) remove(ctx context.Context, say iamsetup.Report) error {
	for _, bearer := range p.Bearers {
		if name, h := bearer.Bearer(); h == iamsetup.HoldKept && slices.ContainsFunc(p.users, func(user string) bool { return strings.EqualFold(user, name) }) {
			if err := bearer.Detach(ctx, say, p.Removal, p.ARN); err != nil {
				return err
			}
		}
	}
	others, err := otherVersions(ctx, p.API, p.ARN)
	if err != nil && !iamsetup.IsAbsent(err) {
		return err
	}
	for _, v := range others {
		err := p.Gone(ctx, say, fmt.Sprintf("delete version %s of IAM policy %s", aws.ToString(v.VersionId), p.ARN), func(ctx context.Context) error {
			return iamsetup.Failed(p.API.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &p.ARN, VersionId: v.VersionId}))
		})
		if err != nil {
			return err
		}
	}
	return p.Gone(ctx, say, "delete IAM policy "+p.ARN, func(ctx context.Context) error {
		return iamsetup.Failed(p.API.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &p.ARN}))
	})
}
