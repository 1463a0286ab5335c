package principal

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// attachedDefault is how many managed policies a user or role may have in an account whose quota was not raised.
const attachedDefault = 10

// Up is what making a user goes by in the same way as making a role, and what was found of either.
type Up struct {
	iamsetup.Up

	Path      string // of one that has to be made
	Boundary  string // policy ARN, or empty: then an existing boundary is kept
	PolicyARN string // of the one that is to be attached

	on        Calls
	arn       string // as IAM shows it, where there is one
	bounds    string // the ARN of its permissions boundary, or empty
	attached  []string
	quota     int  // set when it has so many policies that no other can be attached
	unbounded bool // the policy that is to be its permissions boundary is not there
}

// On says by which calls the look that begins goes.
func (p *Up) On(on Calls) { p.on = on }

// Found notes what was read or created: the ARN as IAM shows it, or as it will be where there are no tags.
func (p *Up) Found(tags iamsetup.Tags, arn, boundary string) {
	p.Saw(tags)
	p.arn, p.bounds = arn, boundary
}

// ARN is as last found.
func (p *Up) ARN() string { return p.arn }

// Resource is what is the same for both. Read reads the one itself, and says by Found what it found.
func (p *Up) Resource(read func(context.Context) error) iamsetup.Resource {
	return iamsetup.Resource{What: p.on.String(), Cure: p.cure, Content: p.Content, Look: func(ctx context.Context) error { return p.look(ctx, read) }}
}

// Content is the permissions boundary, which a run without one keeps.
func (p *Up) Content() []plan.Field {
	text := func(arn string) any {
		if arn == "" {
			return nil
		}
		return arn
	}
	return []plan.Field{{Name: "permissions boundary", Before: text(p.bounds), After: text(cmp.Or(p.Boundary, p.bounds))}}
}

// look reads it, what is attached to it, and what else decides about both.
func (p *Up) look(ctx context.Context, read func(context.Context) error) error {
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return read(gctx) })
	group.Go(func() (err error) { p.attached, err = p.on.policies(gctx); return err })
	if err := group.Wait(); err != nil {
		return err
	}
	if err := p.count(ctx); err != nil {
		return err
	}
	p.unbounded = false
	if !p.setsBoundary() {
		return nil
	}
	_, err := p.API.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &p.Boundary})
	p.unbounded = iamsetup.IsAbsent(err)
	if p.unbounded || iamsetup.IsDenied(err) { // where it may not be read, it may be there
		return nil
	}
	return iamsetup.Wrap("get permissions boundary "+p.Boundary, err)
}

// count asks for the account's quota when the default is reached. Where that may not be asked, more than the default
// tell that it was raised.
func (p *Up) count(ctx context.Context) error {
	p.quota = 0
	if len(p.attached) < attachedDefault {
		return nil
	}
	quota, known, err := p.Quota(ctx, p.on.Quota, attachedDefault)
	if len(p.attached) >= quota && (known || len(p.attached) == quota) {
		p.quota = quota
	}
	return err
}

// JudgeBoth says what is to be done about the user or role, and about its policy. Of one that is not ours and not to be,
// unfit says what keeps it from being used as it is.
func (p *Up) JudgeBoth(d iamsetup.Difference, unfit []string) []plan.Change {
	on := p.on
	c := plan.Change{Step: on.Step, Resource: on.Resource(p.arn)}
	a := plan.Change{Step: on.Step, Resource: plan.Of(plan.Attachment, on.Name+"/"+iamsetup.LastPart(p.PolicyARN))}
	d.What, d.Another, d.Full = on.Noun+" "+p.arn, on.another(p.Owner), on.another(p.Owner)
	switch {
	case p.Have() == nil:
		a.Action, a.Reason = plan.Create, "a new "+on.Noun+" has no policies"
		a.Fields = []plan.Field{{Name: "policy", After: p.PolicyARN}}
		return []plan.Change{p.fresh(c, d), a}
	case p.Have().Ours() || p.Adopt:
		return []plan.Change{p.ownBounded(c, d), p.attachment(a, d.What)}
	}
	if p.boundaryDiffers() {
		unfit = append(unfit, p.boundaryText())
	}
	var detached []string
	if !p.isAttached() {
		detached = []string{"policy " + p.PolicyARN + " is not attached to it"}
	}
	cure := fmt.Sprintf("--adopt takes the %s over and keeps what it has; %s makes another one", on.Noun, on.flag())
	return []plan.Change{iamsetup.Foreign(c, d.What, unfit, cure), iamsetup.Foreign(a, d.What, detached, cure)}
}

// fresh judges one that has to be made.
func (p *Up) fresh(c plan.Change, d iamsetup.Difference) plan.Change {
	if p.unbounded {
		return p.boundless(c, d.What)
	}
	if err := (iamsetup.Tags{}).Room(p.Marks(), d.Reserve); err != nil {
		return iamsetup.Blocked(c, fmt.Sprintf("create %s: %s", p.on, err), "give fewer --tag")
	}
	c.Action, c.Reason = plan.Create, "there is no such "+p.on.Noun
	return c
}

// ownBounded judges one that carries our mark, or is to.
func (p *Up) ownBounded(c plan.Change, d iamsetup.Difference) plan.Change {
	others := p.Have().OtherOwners(p.Owner)
	switch {
	case !p.boundaryDiffers():
	case len(others) > 0:
		return iamsetup.Blocked(c, fmt.Sprintf("%s is shared with %s, for whom its permissions boundary would change from %s to %s", d.What, strings.Join(others, ", "), cmp.Or(p.bounds, "none"), p.Boundary),
			"leave --permissions-boundary out, or "+d.Another)
	case p.unbounded:
		return p.boundless(c, d.What)
	default:
		d.Why = append(d.Why, p.boundaryText())
	}
	return p.Own(c, d)
}

func (p *Up) boundless(c plan.Change, what string) plan.Change {
	return iamsetup.Blocked(c, fmt.Sprintf("there is no policy %s to be the permissions boundary of %s", p.Boundary, what),
		"make that policy first, or name another with --permissions-boundary")
}

func (p *Up) boundaryText() string {
	return fmt.Sprintf("its permissions boundary is %s, not %s", cmp.Or(p.bounds, "none"), p.Boundary)
}

func (p *Up) boundaryDiffers() bool { return p.Boundary != "" && p.bounds != p.Boundary }

// setsBoundary reports whether Apply would set a permissions boundary that is not this very run's policy.
func (p *Up) setsBoundary() bool {
	if p.Boundary == "" || p.Boundary == p.PolicyARN {
		return false
	}
	return p.Have() == nil || p.boundaryDiffers() && (p.Have().Ours() || p.Adopt)
}

// cure helps against a create that was refused.
func (p *Up) cure(err error) string {
	if !iamsetup.IsTaken(err) {
		return ""
	}
	return "names are unique without regard to case; `" + hint.Command("aws", "iam", "list-"+p.on.Noun+"s") + "` shows the one in the way"
}

// WriteBoundary sets the permissions boundary where another is wanted.
func (p *Up) WriteBoundary(ctx context.Context, say iamsetup.Report) error {
	if !p.boundaryDiffers() {
		return nil
	}
	return p.Write(ctx, say, "set permissions boundary of "+p.on.String(), func(ctx context.Context) error { return p.on.Bound(ctx, p.Boundary) })
}

// WriteTags adds the tags that are missing, if any.
func (p *Up) WriteTags(ctx context.Context, say iamsetup.Report, missing iamsetup.Tags) error {
	return p.Tag(ctx, say, p.on.String(), missing, p.on.Tag)
}

// MakeBoth does what the last look said about it, and about its policy.
func (p *Up) MakeBoth(ctx context.Context, sink event.Sink, r iamsetup.Resource) error {
	return p.Make(ctx, sink, r, p.attachPolicy)
}
