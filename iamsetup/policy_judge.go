package iamsetup

import (
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

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
				p.ARN(), strings.Join(others, ", "), p.difference()), "give this one a name of its own with --policy-name, on a user or role of its own (--user-name, --role-name), or the same --region, --secret-prefix, --kms-key and --allow-push as the other"), nil
		}
		why = append(why, "its document differs: "+p.difference())
	}
	missing := p.seen.tags.missing(markTags(p.Owner, p.Tags))
	if reason, keep := p.seen.tags.disputed(p.Owner, missing, "policy "+p.ARN()); reason != "" {
		return p.one(plan.Blocked, reason, fmt.Sprintf("give %s or leave that tag out, or give this one a name of its own with --policy-name", keep)), nil
	}
	if err := p.seen.tags.room(missing); err != nil {
		return p.one(plan.Blocked, fmt.Sprintf("tag IAM policy %s: %s", p.ARN(), err), "give this one a name of its own with --policy-name"), nil
	}
	why = append(why, p.seen.tags.lacking(missing)...)
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
		return p.one(plan.Adopt, "it carries no mark of ours and its document differs: "+p.difference()+p.concerned("; it is "), "")
	case same:
		return p.one(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", "")
	default:
		return p.one(plan.Blocked, fmt.Sprintf("policy %s was not made by gen3-bootstrap and its document differs: %s", p.ARN(), p.difference()),
			"--adopt takes it over and replaces its document"+p.concerned(", which is ")+"; --policy-name makes another one")
	}
}

// concerned says whose rights a change of the document changes. Whether our own user or role is among them, another step
// knows.
func (p *Policy) concerned(start string) string {
	var uses []string
	if n := p.seen.attached; n > 0 {
		uses = append(uses, fmt.Sprintf("attached to %d users, roles or groups", n))
	}
	if n := p.seen.bounds; n > 0 {
		uses = append(uses, fmt.Sprintf("the permissions boundary of %d users or roles", n))
	}
	if len(uses) == 0 {
		return ""
	}
	return start + strings.Join(uses, " and ") + ", whose rights change with it"
}

func (p *Policy) one(action plan.Action, reason, cure string) []plan.Change {
	return []plan.Change{{Step: PolicyStep, Resource: "iam-policy/" + p.ARN(), Action: action, Reason: reason, Hint: cure}}
}
