package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

type roleRemovalAPI interface {
	roleObstacleAPI
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput, ...func(*iam.Options)) (*iam.UntagRoleOutput, error)
}

var _ roleRemovalAPI = (*iam.Client)(nil)

// RoleRemoval lets this owner's ServiceAccount out of the role, and takes the role away with its last owner. One that
// its trust policy opens to somebody else as well is left, and said; what was added by hand is in the way.
type RoleRemoval struct {
	Removal

	API      roleRemovalAPI
	Role     *Role    // as for up; whom runs for this owner let in, its tag tells
	Policies []string // ARNs of those that this tool attaches

	seen     *roleSeen // nil: there is none
	attached []string  // of Policies
	todo     plan.Change
	failed   bool
	warnings []string
}

// Judged is what the last look came to: Destroy's, once that was called.
func (r *RoleRemoval) Judged() []plan.Change { return []plan.Change{r.todo} }

// staysTrusting reports whether the role is left, and somebody whom the issuer vouches for is let in still.
func (r *RoleRemoval) staysTrusting(issuer string) bool {
	if r.seen == nil || r.todo.Action == plan.Delete {
		return false
	}
	rest := r.seen.trust
	if !r.Idle {
		rest = r.without(r.seen)
	}
	for _, raw := range rest.statements {
		if _, by, ok := rest.read(raw); ok && by == issuer {
			return true
		}
	}
	return false
}

// Name is the step's name.
func (r *RoleRemoval) Name() string { return RoleStep }

// Warnings say who else uses a role that is left.
func (r *RoleRemoval) Warnings() []string { return r.warnings }

// bearer implements Bearer.
func (r *RoleRemoval) bearer() (string, hold) { return "role/" + r.Role.RoleName, r.hold() }

func (r *RoleRemoval) hold() hold {
	switch {
	case r.failed:
		return holdStuck
	case r.fate() == fateAbsent:
		return holdFree
	case r.fate() == fateForeign, len(r.warnings) > 0:
		return holdOutside
	case r.fate() != fateLast:
		return holdKept
	case r.Idle, r.todo.Action != plan.Delete:
		return holdStuck
	default:
		return holdFree
	}
}

func (r *RoleRemoval) fate() fate {
	if r.seen == nil {
		return fateAbsent
	}
	return r.fateOf(r.seen.tags)
}

// PlanDestroy says what Destroy would do. It only reads.
func (r *RoleRemoval) PlanDestroy(ctx context.Context) ([]plan.Change, error) {
	r.failed, r.warnings = true, nil // until this look has come to its end
	err := r.sure(ctx, "IAM role "+r.Role.RoleName, func(ctx context.Context) (bool, error) {
		var err error
		r.seen, err = r.Role.read(ctx)
		return r.seen != nil, err
	})
	if err != nil {
		return nil, err
	}
	inWay, err := r.inWay(ctx)
	if err != nil {
		return nil, err
	}
	r.failed, r.todo = false, r.judge(inWay)
	return []plan.Change{r.todo}, nil
}

func (r *RoleRemoval) judge(inWay []obstacle) plan.Change {
	c := plan.Change{Step: RoleStep, Resource: "iam-role/" + r.Role.RoleName}
	if r.fate() == fateAbsent {
		c.Action, c.Reason = r.describe(fateAbsent, nil)
		return c
	}
	c.Resource = "iam-role/" + r.seen.arn
	c.Action, c.Reason = r.describe(r.fate(), r.seen.tags)
	if r.stranded() {
		c.Action, c.Reason, c.More = plan.Blocked, r.strandedText(), r.strandedCure()
		return c
	}
	if r.fate() == fateShared {
		c.Reason = "only the subjects and tags of this namespace go: " + r.sharedWith(r.seen.tags)
	}
	if r.fate() != fateLast {
		return c
	}
	switch rest := r.without(r.seen); {
	case len(rest.statements) > 0:
		c.Action, c.Reason = r.leftOpen(rest)
		r.warnings = append(r.warnings, fmt.Sprintf("IAM role %s is left, since its trust policy lets in others than this tool knows of; `%s` shows whom",
			r.seen.arn, hint.Command("aws", "iam", "get-role", "--role-name", r.Role.RoleName)))
	case len(inWay) > 0:
		c.Action, c.Reason = plan.Blocked, r.inWayText(inWay)
		c.More = append(commands(inWay), "then run teardown again")
	}
	return c
}

// leftOpen is what is done about a role that somebody else still takes.
func (r *RoleRemoval) leftOpen(rest trust) (plan.Action, string) {
	const why = "its trust policy lets in others: the role is left"
	if len(r.ownerTags(r.seen.tags)) > 0 || len(rest.statements) != len(r.seen.trust.statements) {
		return plan.Update, why + " without this namespace"
	}
	return plan.None, why
}

func (r *RoleRemoval) inWayText(inWay []obstacle) string {
	names := make([]string, 0, len(inWay))
	for _, o := range inWay {
		names = append(names, o.String())
	}
	return fmt.Sprintf("IAM role %s is left as it is: it has what this tool did not make: %s", r.seen.arn, strings.Join(names, ", "))
}

func (r *RoleRemoval) inWay(ctx context.Context) ([]obstacle, error) {
	r.attached = nil
	if r.fate() != fateLast {
		return nil, nil
	}
	var found obstacles
	if err := found.readRole(ctx, r.API, r.Role.RoleName); err != nil {
		return nil, err
	}
	var out []obstacle
	for _, o := range found.all {
		if o.kind == attachedPolicy && slices.Contains(r.Policies, o.name) {
			r.attached = append(r.attached, o.name)
			continue
		}
		out = append(out, o)
	}
	return out, nil
}
