package principal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Down is Down for a user or role. What somebody added to it by hand is never stripped: it is in the way, and said.
type Down struct {
	iamsetup.Down

	arn      string   // as IAM shows it, where there is one
	attached []string // of the policies that this tool attaches
}

// Found notes the ARN as IAM shows it.
func (d *Down) Found(arn string) { d.arn = arn }

// ARN is as last found.
func (d *Down) ARN() string { return d.arn }

// Leaver is what is the same for both.
func (d *Down) Leaver(on Calls) iamsetup.Leaver {
	return iamsetup.Leaver{Step: on.Step, What: on.String(), Untag: on.Untag, Resource: func() plan.Resource {
		if d.Tags() == nil {
			return on.Resource(on.Name)
		}
		return on.Resource(d.arn)
	}}
}

// Standing is what keeps it from being deleted, but for those policies that this tool attaches.
func (d *Down) Standing(ctx context.Context, on Calls, policies []string) ([]Obstacle, error) {
	attached, err := on.policies(ctx)
	if err != nil {
		return nil, err
	}
	found, unread, err := on.added(ctx)
	d.Warn(unread...)
	d.attached = nil
	for _, arn := range attached {
		if slices.Contains(policies, arn) {
			d.attached = append(d.attached, arn)
		} else {
			found = append(found, on.obstacle("attached policy", arn, "detach-"+on.Noun+"-policy", "--policy-arn"))
		}
	}
	return found, err
}

// InWay blocks for what keeps it from being deleted.
func (d *Down) InWay(c plan.Change, on Calls, all []Obstacle) plan.Change {
	texts := iamsetup.Names(all, Obstacle.String)
	return iamsetup.Blocked(c, fmt.Sprintf("IAM %s %s is kept as it is: it has what gen3-bootstrap did not create or does not remove: %s", on.Noun, d.arn, strings.Join(texts, ", ")), Commands(all)...)
}

// RemoveFrom detaches the policies and deletes it. What somebody added since it was looked at is told; without that, a
// conflict is IAM's lag.
func (d *Down) RemoveFrom(ctx context.Context, say iamsetup.Report, r iamsetup.Removal, on Calls, standing func(context.Context) ([]Obstacle, error)) error {
	for _, arn := range d.attached {
		if err := on.DetachGone(ctx, say, r, arn); err != nil {
			return err
		}
	}
	return r.Gone(ctx, say, "delete "+on.String(), func(ctx context.Context) error {
		err := on.Remove(ctx)
		if iamsetup.ErrorCode(err) != "DeleteConflict" {
			return err // gone wraps
		}
		all, lookErr := standing(ctx)
		if lookErr != nil || len(all) == 0 {
			return err // as above; it is reported in the end
		}
		return hint.Blocked(d.InWay(plan.Change{}, on, all))
	})
}

// DetachGone takes a policy off.
func (c Calls) DetachGone(ctx context.Context, say iamsetup.Report, r iamsetup.Removal, arn string) error {
	return r.Gone(ctx, say, "detach IAM policy "+arn+" from "+c.Noun+" "+c.Name, func(ctx context.Context) error { return c.Detach(ctx, arn) })
}
