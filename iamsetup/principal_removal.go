package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// principalDown is Down for a user or role. What somebody added to it by hand is never stripped: it is in the way, and said.
type principalDown struct {
	Down

	arn      string   // as IAM shows it, where there is one
	attached []string // of the policies that this tool attaches
}

func (d *principalDown) leaver(on calls) Leaver {
	return Leaver{Step: on.step, What: on.String(), Untag: on.untag, Resource: func() string {
		if d.tags == nil {
			return "iam-" + on.noun + "/" + on.name
		}
		return "iam-" + on.noun + "/" + d.arn
	}}
}

// standing is what keeps it from being deleted, but for those policies that this tool attaches.
func (d *principalDown) standing(ctx context.Context, on calls, policies []string) ([]Obstacle, error) {
	attached, err := on.policies(ctx)
	if err != nil {
		return nil, err
	}
	found, unread, err := on.added(ctx)
	d.attached, d.warnings = nil, append(d.warnings, words.Without(unread, d.warnings)...)
	for _, arn := range attached {
		if slices.Contains(policies, arn) {
			d.attached = append(d.attached, arn)
		} else {
			found = append(found, on.obstacle(attachedPolicy, arn, "detach-"+on.noun+"-policy", "--policy-arn"))
		}
	}
	return found, err
}

// inWay blocks for what keeps it from being deleted.
func (d *principalDown) inWay(c plan.Change, on calls, all []Obstacle) plan.Change {
	texts := Names(all, Obstacle.String)
	return Blocked(c, fmt.Sprintf("IAM %s %s is kept as it is: it has what gen3-bootstrap did not create or does not Remove: %s", on.noun, d.arn, strings.Join(texts, ", ")), commands(all)...)
}

// removeFrom detaches the policies and deletes it. What somebody added since it was looked at is told; without that, a
// conflict is IAM's lag.
func (d *principalDown) removeFrom(ctx context.Context, say Report, r Removal, on calls, standing func(context.Context) ([]Obstacle, error)) error {
	for _, arn := range d.attached {
		if err := on.detachGone(ctx, say, r, arn); err != nil {
			return err
		}
	}
	return r.Gone(ctx, say, "delete "+on.String(), func(ctx context.Context) error {
		err := on.remove(ctx)
		if ErrorCode(err) != "DeleteConflict" {
			return err // gone wraps
		}
		all, lookErr := standing(ctx)
		if lookErr != nil || len(all) == 0 {
			return err // as above; it is reported in the end
		}
		return hint.Blocked(d.inWay(plan.Change{}, on, all))
	})
}

// detachGone takes a policy off.
func (c calls) detachGone(ctx context.Context, say Report, r Removal, arn string) error {
	return r.Gone(ctx, say, "detach IAM policy "+arn+" from "+c.noun+" "+c.name, func(ctx context.Context) error { return c.detach(ctx, arn) })
}
