package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// PolicyStep is the name of the step that owns the managed policy.
const PolicyStep = "iam-policy"

// IAM's quotas of versions of one policy, and of characters of its document (white space does not count).
const (
	versionsMax = 5
	policyMax   = 6144
)

type policyAPI interface {
	iam.ListPolicyVersionsAPIClient
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	CreatePolicy(context.Context, *iam.CreatePolicyInput, ...func(*iam.Options)) (*iam.CreatePolicyOutput, error)
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput, ...func(*iam.Options)) (*iam.CreatePolicyVersionOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput, ...func(*iam.Options)) (*iam.DeletePolicyVersionOutput, error)
	TagPolicy(context.Context, *iam.TagPolicyInput, ...func(*iam.Options)) (*iam.TagPolicyOutput, error)
}

var _ policyAPI = (*iam.Client)(nil)

// Policy is the step for the managed policy that lets the operator read secrets.
type Policy struct {
	API        policyAPI
	Owner      Owner
	Pace       Pace
	PolicyName string
	Path       string // begins and ends with "/"
	Scope      Scope
	Tags       map[string]string // the operator's own
	Adopt      bool

	seen     *policySeen // nil: there is none
	document string
	todo     []plan.Change
}

// policySeen is the policy as IAM shows it.
type policySeen struct {
	tags     Tags
	document string
	version  string
}

// Name is the step's name.
func (p *Policy) Name() string { return PolicyStep }

// ARN is the policy's, computed from its name and path: a policy's path is part of its ARN and cannot change.
func (p *Policy) ARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:policy%s%s", p.Scope.Partition, p.Scope.Account, p.Path, p.PolicyName)
}

// Observe reads the policy and says what Apply would do.
func (p *Policy) Observe(ctx context.Context) ([]plan.Change, error) {
	document, err := PolicyDocument(p.Scope).JSON()
	if err != nil {
		return nil, err
	}
	p.document = document
	if size := characters(document); size > policyMax {
		p.todo = p.one(plan.Blocked, fmt.Sprintf("document of IAM policy %s would have %d characters and IAM allows %d", p.ARN(), size, policyMax),
			"give fewer and shorter --secret-prefix and --kms-key")
		return p.todo, nil
	}
	if p.seen, err = p.read(ctx); err != nil {
		return nil, err
	}
	p.todo, err = p.diff()
	return p.todo, err
}

// read returns nil when there is no such policy. One that shows without its document, since it is new or has just got
// another, is asked for again.
func (p *Policy) read(ctx context.Context) (*policySeen, error) {
	seen, last := p.readOnce(ctx)
	if !isAbsent(last) {
		return seen, last
	}
	err := p.Pace.poll(ctx, p.Pace.Settle, func(ctx context.Context) (bool, error) {
		if seen, last = p.readOnce(ctx); isAbsent(last) {
			return false, nil
		}
		return seen != nil, last
	})
	if errors.Is(err, errTooLong) {
		return nil, last
	}
	return seen, err
}

func (p *Policy) readOnce(ctx context.Context) (*policySeen, error) {
	out, err := p.API.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(p.ARN())})
	if isAbsent(err) {
		return nil, nil //nolint:nilnil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM policy %s: %w", p.ARN(), err)
	}
	seen := &policySeen{tags: tagsOf(out.Policy.Tags), version: aws.ToString(out.Policy.DefaultVersionId)}
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

// diff compares what was seen with what is wanted. It does not read.
func (p *Policy) diff() ([]plan.Change, error) {
	if p.seen == nil {
		return p.one(plan.Create, "there is no such policy", ""), nil
	}
	same, err := SameMeaning(p.seen.document, p.document)
	if err != nil {
		return nil, fmt.Errorf("compare IAM policy %s: %w", p.ARN(), err)
	}
	if !p.seen.tags.ours() {
		return p.foreign(same), nil
	}
	var why []string
	if !same {
		if others := p.seen.tags.otherOwners(p.Owner); len(others) > 0 {
			return p.one(plan.Blocked, fmt.Sprintf("policy %s is shared with %s, for whom its document would change (%s)",
				p.ARN(), strings.Join(others, ", "), p.difference()), "give this one a name of its own with --policy-name, or the same --region, --secret-prefix, --kms-key and --allow-push as the other"), nil
		}
		why = append(why, "its document differs: "+p.difference())
	}
	missing := p.seen.tags.missing(markTags(p.Owner, p.Tags))
	if err := p.seen.tags.room(missing); err != nil {
		return p.one(plan.Blocked, fmt.Sprintf("tag IAM policy %s: %s", p.ARN(), err), "give this one a name of its own with --policy-name"), nil
	}
	if len(missing) > 0 {
		why = append(why, "tags are missing: "+missing.names())
	}
	if len(why) == 0 {
		return p.one(plan.None, "as wanted", ""), nil
	}
	return p.one(plan.Update, strings.Join(why, "; "), ""), nil
}

// foreign judges a policy without our mark: used when it is as wanted, taken over only when told to.
func (p *Policy) foreign(same bool) []plan.Change {
	switch {
	case p.Adopt && same:
		return p.one(plan.Adopt, "it is as wanted but carries no mark of ours", "")
	case p.Adopt:
		return p.one(plan.Adopt, "it carries no mark of ours and its document differs: "+p.difference(), "")
	case same:
		return p.one(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", "")
	default:
		return p.one(plan.Blocked, fmt.Sprintf("policy %s was not made by gen3-bootstrap and its document differs: %s", p.ARN(), p.difference()),
			"--adopt takes it over and replaces its document; --policy-name makes another one")
	}
}

func (p *Policy) one(action plan.Action, reason, cure string) []plan.Change {
	return []plan.Change{{Step: PolicyStep, Resource: "iam-policy/" + p.ARN(), Action: action, Reason: reason, Hint: cure}}
}

// Apply does what the last Observe said.
func (p *Policy) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: PolicyStep}
	for _, change := range p.todo {
		var err error
		switch change.Action {
		case plan.Create:
			err = p.create(ctx, say)
		case plan.Update, plan.Adopt:
			err = p.update(ctx, say)
		case plan.None, plan.Delete, plan.Blocked:
			continue
		}
		if err != nil {
			return err
		}
		say.changed(change)
	}
	return nil
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
	err := p.Pace.poll(ctx, p.Pace.Settle, func(ctx context.Context) (bool, error) {
		seen, err := p.read(ctx)
		if err != nil || seen == nil {
			say.waiting("IAM policy " + p.PolicyName + " to show up after an unclear answer")
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
