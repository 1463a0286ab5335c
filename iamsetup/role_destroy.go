package iamsetup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
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
	Role     *Role    // as for up, Trusted and Earlier being whom runs for this owner let in
	Policies []string // ARNs of those that this tool attaches

	seen     *roleSeen // nil: there is none
	attached []string  // of Policies
	todo     plan.Change
	failed   bool
	warnings []string
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
	if r.fate() != fateLast {
		return c
	}
	switch rest := r.without(r.seen); {
	case len(rest.statements) > 0:
		c.Action, c.Reason = r.leftOpen(rest)
		r.warnings = append(r.warnings, fmt.Sprintf("IAM role %s is left, since its trust policy lets in others than this tool knows of; `aws iam get-role --role-name %s` shows whom",
			r.seen.arn, r.Role.RoleName))
	case len(inWay) > 0:
		c.Action, c.Reason = plan.Blocked, r.inWayText(inWay)
		c.Hint = commands(inWay) + "\nthen run teardown again"
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

// without is the role's trust policy with this owner let out.
func (r *RoleRemoval) without(seen *roleSeen) trust {
	next := seen.trust
	for _, who := range r.letIn(seen) {
		next = next.without(who)
	}
	return next
}

// letIn are those whom the policy lets in on behalf of this owner: as the record has it, and every ServiceAccount of the
// namespace under the issuer that the owner's tag names.
func (r *RoleRemoval) letIn(seen *roleSeen) []Trusted {
	out := slices.Clone(r.Role.Earlier)
	if r.Role.Trusted.Issuer != "" {
		out = append(out, r.Role.Trusted)
	}
	tag, tagged := seen.tags[tagOwner+r.Owner.String()]
	for _, raw := range seen.trust.statements {
		w, issuer, ok := seen.trust.read(raw)
		if !ok || !tagged || tag != tagValue(issuer) {
			continue
		}
		for _, subject := range w.subjects(issuer) {
			if strings.HasPrefix(subject, Subject(r.Owner.Namespace, "")) {
				out = append(out, Trusted{issuer, subject})
			}
		}
	}
	return out
}

// Destroy does what PlanDestroy said.
func (r *RoleRemoval) Destroy(ctx context.Context, sink event.Sink) error {
	err := r.destroy(ctx, report{sink: sink, step: RoleStep})
	r.failed = err != nil
	return err
}

func (r *RoleRemoval) destroy(ctx context.Context, say report) error {
	var err error
	switch r.todo.Action {
	case plan.Delete:
		err = r.delete(ctx, say)
	case plan.Update:
		err = r.leave(ctx, say)
	case plan.Blocked:
		return hint.With(errors.New(r.todo.Reason), r.todo.Hint)
	case plan.None, plan.Create, plan.Adopt:
		return nil
	}
	if err == nil {
		say.changed(r.todo)
	}
	return err
}

func (r *RoleRemoval) delete(ctx context.Context, say report) error {
	name := r.Role.RoleName
	for _, arn := range r.attached {
		err := r.gone(ctx, say, "detach IAM policy "+arn+" from role "+name, func(ctx context.Context) error {
			_, err := r.API.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
			return err //nolint:wrapcheck // gone wraps
		})
		if err != nil {
			return err
		}
	}
	return r.gone(ctx, say, "delete IAM role "+name, func(ctx context.Context) error {
		_, err := r.API.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
		if errorCode(err) == "DeleteConflict" {
			err = cmp.Or(r.added(ctx), err)
		}
		return err //nolint:wrapcheck // gone wraps
	})
}

// added says what somebody added to the role since it was looked at, without which a conflict is IAM's lag.
func (r *RoleRemoval) added(ctx context.Context) error {
	inWay, err := r.inWay(ctx)
	if err != nil || len(inWay) == 0 {
		return nil //nolint:nilerr // the conflict itself is reported in the end
	}
	return hint.With(errors.New(r.inWayText(inWay)), commands(inWay))
}

// leave lets this owner out, and then takes its tag off. Two owners may do so at the same time, each for the sake of the
// other: then nobody has the role any more, and it goes.
func (r *RoleRemoval) leave(ctx context.Context, say report) error {
	wasShared := r.fate() == fateShared
	if err := r.letOut(ctx, say); err != nil {
		return err
	}
	keys := r.ownerTags(r.seen.tags)
	if len(keys) == 0 {
		return nil
	}
	err := r.gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM role "+r.Role.RoleName, func(ctx context.Context) error {
		_, err := r.API.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.Role.RoleName, TagKeys: keys})
		return err //nolint:wrapcheck // gone wraps
	})
	if err != nil || !wasShared {
		return err
	}
	owned := r.letIn(r.seen)
	if nobodys, err := r.abandons(ctx, say, "IAM role "+r.Role.RoleName, r.tagsNow); err != nil || !nobodys || len(withoutAll(r.seen.trust, owned).statements) > 0 {
		return err
	}
	if inWay, err := r.inWay(ctx); err != nil || len(inWay) > 0 {
		return err
	}
	return r.delete(ctx, say)
}

func (r *RoleRemoval) tagsNow(ctx context.Context) (Tags, error) {
	now, err := r.Role.read(ctx)
	if err != nil || now == nil {
		return nil, err
	}
	r.seen = now
	return now.tags, nil
}

// letOut writes the trust policy without this owner and reads it back, as whoever shares the role writes the same
// document. IAM takes no policy without a statement, so one that would have none stays.
func (r *RoleRemoval) letOut(ctx context.Context, say report) error {
	what := "let this namespace out of IAM role " + r.Role.RoleName
	owned := r.letIn(r.seen) // by tags that go afterwards
	for range trustAttempts {
		now, err := r.Role.read(ctx)
		if err != nil || now == nil {
			return err
		}
		next := withoutAll(now.trust, owned)
		if len(next.statements) == 0 || !holdsAny(now.trust, owned) {
			return nil
		}
		if err := r.Guard(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := r.Role.writeTrust(ctx, say, next); err != nil && !isUnclear(err) {
			return hint.With(fmt.Errorf("%s: %w", what, err), trustHint(err))
		}
		if out, err := r.isOut(ctx, say, owned); out || err != nil {
			return err
		}
	}
	return hint.With(fmt.Errorf("%s: another writer keeps replacing its trust policy", what), "run teardown again when nobody else is at work on that role")
}

// isOut waits until the policy read back lets none of them in. False: it did not become so while IAM's reads may lag.
func (r *RoleRemoval) isOut(ctx context.Context, say report, owned []Trusted) (bool, error) {
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		now, err := r.Role.read(ctx)
		if err != nil || now == nil || !holdsAny(now.trust, owned) {
			return err == nil, err
		}
		say.waiting("trust policy of IAM role " + r.Role.RoleName + " to show what was written")
		return false, nil
	})
	if errors.Is(err, errTooLong) {
		return false, nil
	}
	return err == nil, err
}

func withoutAll(t trust, all []Trusted) trust {
	for _, who := range all {
		t = t.without(who)
	}
	return t
}

func holdsAny(t trust, all []Trusted) bool { return slices.ContainsFunc(all, t.holds) }
