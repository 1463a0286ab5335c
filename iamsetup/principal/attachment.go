package principal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

func (p *Up) isAttached() bool { return slices.Contains(p.attached, p.PolicyARN) }

// beside are the policies that it has beside the one that it is to have.
func (p *Up) beside() []string { return words.Without(p.attached, []string{p.PolicyARN}) }

// attachment judges the policy's. Beside another policy it would give this owner's rights to the others, and theirs to
// this one: keys and sessions have what all policies together allow.
func (p *Up) attachment(a plan.Change, what string) plan.Change {
	others, beside := p.Have().OtherOwners(p.Owner), p.beside()
	switch {
	case p.isAttached():
		a.Action, a.Reason = plan.None, "up to date"
	case len(others) > 0 && len(beside) > 0:
		a = iamsetup.Blocked(a, fmt.Sprintf("%s is shared with %s and has policy %s attached: with policy %s beside it, each of them would have the rights of all",
			what, strings.Join(others, ", "), strings.Join(beside, ", "), p.PolicyARN), p.on.another(p.Owner)+", or the same --policy-name as the other")
	case p.quota > 0:
		a = iamsetup.Blocked(a, fmt.Sprintf("%s has %d managed policies attached and IAM allows %d, so policy %s cannot be attached", what, len(p.attached), p.quota, p.PolicyARN),
			"take one off with `"+p.detachCommand("ARN")+"`, or "+p.on.another(p.Owner))
	default:
		a.Action, a.Reason = plan.Create, "the policy is not attached"
		a.Fields = []plan.Field{{Name: "policy", After: p.PolicyARN, Mark: plan.MarkWidens}}
	}
	return a
}

// Warnings say what else those may do who use the user or role, since other policies are attached to it, too.
func (p *Up) Warnings() []string {
	if p.Have() == nil || len(p.Planned()) == 0 || p.Planned()[1].Action == plan.Blocked { // that says it
		return nil
	}
	users := "keys of the user"
	if p.on.Noun == "role" {
		users = "whoever takes the role"
	}
	out := make([]string, 0, len(p.attached))
	for _, arn := range p.beside() {
		out = append(out, fmt.Sprintf("%s also has policy %s attached: %s may do what it allows; %s", p.on, arn, users, p.remedy(arn)))
	}
	return out
}

// remedy is the command that takes a policy off, unless somebody else may need it there.
func (p *Up) remedy(arn string) string {
	on, others := p.on, p.Have().OtherOwners(p.Owner)
	switch {
	case len(others) > 0:
		return fmt.Sprintf("the %s is shared with %s, who may need it; %s gives this one a %s of its own", on.Noun, strings.Join(others, ", "), on.flag(), on.Noun)
	case !p.Have().Ours() && !p.Adopt:
		return fmt.Sprintf("the %s was not created by gen3-bootstrap; %s makes another one", on.Noun, on.flag())
	default:
		return "`" + p.detachCommand(arn) + "` takes it off"
	}
}

func (p *Up) detachCommand(arn string) string {
	return hint.Command("aws", "iam", "detach-"+p.on.Noun+"-policy", p.on.flag(), p.on.Name, "--policy-arn", arn)
}

// attachPolicy attaches the policy. Both may be so new that IAM does not see them everywhere.
func (p *Up) attachPolicy(ctx context.Context, say iamsetup.Report) error {
	err := p.Write(ctx, say, "attach IAM policy "+p.PolicyARN+" to "+p.on.Noun+" "+p.on.Name, func(ctx context.Context) error {
		return p.on.Attach(ctx, p.PolicyARN)
	})
	if iamsetup.ErrorCode(err) == "LimitExceeded" {
		return hint.With(err, fmt.Sprintf("a %s has %d managed policies by default; detach one, or %s", p.on.Noun, attachedDefault, p.on.another(p.Owner)))
	}
	return err
}
