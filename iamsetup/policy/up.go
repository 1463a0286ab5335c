package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name of the step that owns the managed policy.
const Step = "iam-policy"

// IAM's quotas of versions of one policy, and of characters of its document (white space does not count).
const (
	versionsMax = 5
	policyMax   = 6144
)

// Up is the step for the managed policy that lets the operator read secrets.
type Up struct {
	iamsetup.Up

	PolicyName string
	Path       string // begins and ends with "/"
	Scope      Scope

	seen     types.Policy // as IAM shows it, where there is one
	inPlace  string       // its document
	document string       // as it should be
}

// Name is the step's name.
func (p *Up) Name() string { return Step }

// ARN is the policy's.
func (p *Up) ARN() string { return p.Account.PolicyARN(p.Path, p.PolicyName) }

// Observe reads the policy and says what Apply would do.
func (p *Up) Observe(ctx context.Context) (_ []plan.Change, err error) {
	if p.document, err = p.Scope.document(p.Account).JSON(); err != nil {
		return nil, err
	}
	if size := document.Characters(p.document); size > policyMax {
		return p.Refuse(p.change(), fmt.Sprintf("document of IAM policy %s would have %d characters and IAM allows %d", p.ARN(), size, policyMax), p.Scope.shorter()), nil
	}
	return p.Plan(ctx, p.resource())
}

// Widens reports whether the document that is wanted allows anything that the one in place does not.
func (p *Up) Widens() bool { return p.Have() != nil && document.Widens(p.inPlace, p.document) }

// Apply does what the last Observe said.
func (p *Up) Apply(ctx context.Context, sink event.Sink) error {
	return p.Make(ctx, sink, p.resource())
}

func (p *Up) resource() iamsetup.Resource {
	return iamsetup.Resource{
		What: "IAM policy " + p.ARN(), Look: p.read, Judge: p.judge, Create: p.create, Update: p.update, Content: p.content,
		Cure: func(err error) string {
			if !iamsetup.IsTaken(err) {
				return ""
			}
			return "names are unique in an account without regard to path and case: give the path of the one in the way with --iam-path, or --policy-name for another"
		},
	}
}

// content is what the policy allows.
func (p *Up) content() []plan.Field {
	f := plan.Field{Name: "allows", After: document.Lines(p.document)}
	if p.Have() != nil {
		f.Before = document.Lines(p.inPlace)
		if same, err := document.SameMeaning(p.inPlace, p.document); same && err == nil {
			f.Before = f.After
		}
	}
	if p.Widens() {
		f.Mark = plan.MarkWidens
	}
	return []plan.Field{f}
}

func (p *Up) change() plan.Change {
	return plan.Change{Step: Step, Resource: plan.Of(plan.IAMPolicy, p.ARN())}
}

// read looks at the policy. One that shows without its document, since it is new or has just got another, is asked for
// again.
func (p *Up) read(ctx context.Context) error {
	last := p.readOnce(ctx)
	if !iamsetup.IsAbsent(last) {
		return last
	}
	err := p.Pace.Until(ctx, p.Pace.Settle, func(ctx context.Context) (bool, error) {
		last = p.readOnce(ctx)
		if iamsetup.IsAbsent(last) {
			return false, nil
		}
		return p.Have() != nil, last
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return last
	}
	return err
}

func (p *Up) readOnce(ctx context.Context) error {
	p.Saw(nil)
	seen, err := get(ctx, p.API, p.ARN())
	if seen == nil {
		return err
	}
	version, err := p.API.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: seen.Arn, VersionId: seen.DefaultVersionId})
	if err != nil {
		return fmt.Errorf("get version %s of IAM policy %s: %w", aws.ToString(seen.DefaultVersionId), p.ARN(), err)
	}
	if p.inPlace, err = document.Decode(aws.ToString(version.PolicyVersion.Document)); err != nil {
		return fmt.Errorf("decode version %s of IAM policy %s: %w", aws.ToString(seen.DefaultVersionId), p.ARN(), err)
	}
	p.seen = *seen
	p.Saw(iamsetup.TagsOf(seen.Tags))
	return nil
}

func (p *Up) judge() ([]plan.Change, error) {
	c := p.change()
	if p.Have() == nil {
		c.Action, c.Reason = plan.Create, "there is no such policy"
		return []plan.Change{c}, nil
	}
	same, err := document.SameMeaning(p.inPlace, p.document)
	if err != nil {
		return nil, fmt.Errorf("compare IAM policy %s: %w", p.ARN(), err)
	}
	var why []string
	if !same {
		why = append(why, "its document differs")
	}
	what, others := "policy "+p.ARN(), p.Have().OtherOwners(p.Owner)
	another := "give this one a name of its own: " + hint.Command("--policy-name", p.Owner.OwnName(p.PolicyName, 128))
	switch {
	case !p.Have().Ours() && !p.Adopt:
		if !same {
			why[0] += ": " + document.Difference(p.inPlace, p.document)
		}
		c = iamsetup.Foreign(c, what, why, "--adopt takes it over and replaces its document"+p.concerned(", which is ")+"; --policy-name makes another one")
	case !same && len(others) > 0:
		c = iamsetup.Blocked(c, fmt.Sprintf("%s is shared with %s, for whom %s: %s", what, strings.Join(others, ", "), why[0], document.Difference(p.inPlace, p.document)),
			another+", on a user or role of its own (--user-name, --role-name), or the same --region, --secret-prefix, --kms-key and --allow-push as the other")
	default:
		if !same && !p.Have().Ours() {
			why[0] += p.concerned("; it is ")
		}
		c = p.Own(c, iamsetup.Difference{What: what, Why: why, Missing: p.Have().Missing(p.Marks()), Another: another, Full: another})
	}
	return []plan.Change{c}, nil
}

// oneOf counts what has two names in the plural.
func oneOf(n int32, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// concerned says whose rights a change of the document changes. Whether our own user or role is among them, another step
// knows.
func (p *Up) concerned(start string) string {
	var uses []string
	if n := aws.ToInt32(p.seen.AttachmentCount); n > 0 {
		uses = append(uses, "attached to "+oneOf(n, "user, role or group", "users, roles or groups"))
	}
	if n := aws.ToInt32(p.seen.PermissionsBoundaryUsageCount); n > 0 {
		uses = append(uses, "the permissions boundary of "+oneOf(n, "user or role", "users or roles"))
	}
	if len(uses) == 0 {
		return ""
	}
	return start + strings.Join(uses, " and ") + ", whose rights change with it"
}
