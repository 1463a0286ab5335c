package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// UserStep is the name of the step that owns the user and its policy attachment.
const UserStep = "iam-user"

type userAPI interface {
	iam.ListAttachedUserPoliciesAPIClient
	CreateUser(context.Context, *iam.CreateUserInput, ...func(*iam.Options)) (*iam.CreateUserOutput, error)
	TagUser(context.Context, *iam.TagUserInput, ...func(*iam.Options)) (*iam.TagUserOutput, error)
	AttachUserPolicy(context.Context, *iam.AttachUserPolicyInput, ...func(*iam.Options)) (*iam.AttachUserPolicyOutput, error)
	PutUserPermissionsBoundary(context.Context, *iam.PutUserPermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutUserPermissionsBoundaryOutput, error)
}

var _ userAPI = (*iam.Client)(nil)

// User is the step for the user whose key the operator uses, with the policy attached.
type User struct {
	API       userAPI
	Lookup    *UserLookup
	Owner     Owner
	Pace      Pace
	Path      string // of a user that has to be made
	Boundary  string // policy ARN, or empty: then whatever boundary is there stays
	Partition string
	Account   string
	PolicyARN string
	Tags      map[string]string // the operator's own
	Adopt     bool

	seen     *UserSeen // nil: there is none
	attached bool
	todo     []plan.Change
}

// Name is the step's name.
func (u *User) Name() string { return UserStep }

// ARN is the user's as IAM returned it, else the one that it will have.
func (u *User) ARN() string {
	if u.seen != nil {
		return u.seen.ARN
	}
	return fmt.Sprintf("arn:%s:iam::%s:user%s%s", u.Partition, u.Account, u.Path, u.Lookup.UserName)
}

// Observe reads the user and what is attached to it, and says what Apply would do.
func (u *User) Observe(ctx context.Context) ([]plan.Change, error) {
	type answer struct {
		attached bool
		err      error
	}
	attachment := make(chan answer, 1)
	go func() {
		attached, err := u.isAttached(ctx)
		attachment <- answer{attached, err}
	}()
	seen, err := u.Lookup.Get(ctx)
	a := <-attachment
	if err := errors.Join(err, a.err); err != nil {
		return nil, err
	}
	u.seen, u.attached = seen, a.attached
	u.todo = u.diff()
	return u.todo, nil
}

func (u *User) isAttached(ctx context.Context) (bool, error) {
	pages := iam.NewListAttachedUserPoliciesPaginator(u.API, &iam.ListAttachedUserPoliciesInput{UserName: &u.Lookup.UserName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isAbsent(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("list policies of IAM user %s: %w", u.Lookup.UserName, err)
		}
		for _, p := range page.AttachedPolicies {
			if aws.ToString(p.PolicyArn) == u.PolicyARN {
				return true, nil
			}
		}
	}
	return false, nil
}

func (u *User) diff() []plan.Change {
	if u.seen == nil {
		return []plan.Change{
			u.fresh(),
			u.attachment(plan.Create, "a new user has no policies"),
		}
	}
	if !u.seen.Tags.ours() && !u.Adopt {
		return u.foreign()
	}
	return []plan.Change{u.own(), u.attach()}
}

// fresh judges a user that has to be made.
func (u *User) fresh() plan.Change {
	if err := u.room(Tags{}, markTags(u.Owner, u.Tags)); err != nil {
		return u.change(plan.Blocked, fmt.Sprintf("create IAM user %s: %s", u.Lookup.UserName, err), "give fewer --tag")
	}
	return u.change(plan.Create, "there is no such user", "")
}

// own judges a user of ours, or one that is to be.
func (u *User) own() plan.Change {
	var why []string
	if u.boundaryDiffers() {
		if others := u.seen.Tags.otherOwners(u.Owner); len(others) > 0 {
			return u.change(plan.Blocked, fmt.Sprintf("user %s is shared with %s, for whom its permissions boundary would change from %s to %s",
				u.seen.ARN, strings.Join(others, ", "), orNone(u.seen.Boundary), u.Boundary), "leave --permissions-boundary out, or give this one a user of its own with --user-name")
		}
		why = append(why, fmt.Sprintf("its permissions boundary is %s, not %s", orNone(u.seen.Boundary), u.Boundary))
	}
	missing := u.seen.Tags.missing(markTags(u.Owner, u.Tags))
	if err := u.room(u.seen.Tags, missing); err != nil {
		return u.change(plan.Blocked, fmt.Sprintf("tag IAM user %s: %s", u.seen.ARN, err), "give this one a name of its own with --user-name")
	}
	if len(missing) > 0 {
		why = append(why, "tags are missing: "+missing.names())
	}
	switch {
	case !u.seen.Tags.ours():
		return u.change(plan.Adopt, strings.Join(append([]string{"it carries no mark of ours"}, why...), "; "), "")
	case len(why) > 0:
		return u.change(plan.Update, strings.Join(why, "; "), "")
	default:
		return u.change(plan.None, "as wanted", "")
	}
}

// room is an error when the missing tags, and those that making a key takes, would not fit: the announcement and the
// key's own, which comes when the key is stored and in use. Of an owner whose key is entered nothing is kept free.
func (u *User) room(tags, missing Tags) error {
	for key, value := range tags {
		if strings.HasPrefix(key, tagKey) && value == u.Owner.String() {
			return tags.room(missing)
		}
	}
	all := Tags{tagMinting: "", tagKey + plan.KnownAfterApply: ""}
	maps.Copy(all, missing)
	if err := tags.room(all); err != nil {
		return fmt.Errorf("with the two tags that making a key takes, %w", err)
	}
	return nil
}

func (u *User) attach() plan.Change {
	if u.attached {
		return u.attachment(plan.None, "as wanted")
	}
	return u.attachment(plan.Create, "the policy is not attached")
}

// foreign judges a user without our mark: it is used when it is as wanted, and never changed.
func (u *User) foreign() []plan.Change {
	const cure = "--adopt takes the user over; --user-name makes another one"
	out := u.change(plan.None, "as wanted; not made by gen3-bootstrap, so teardown will leave it", "")
	if u.boundaryDiffers() {
		out = u.change(plan.Blocked, fmt.Sprintf("user %s was not made by gen3-bootstrap and its permissions boundary is %s, not %s",
			u.seen.ARN, orNone(u.seen.Boundary), u.Boundary), cure)
	}
	if u.attached {
		return []plan.Change{out, u.attachment(plan.None, "as wanted")}
	}
	blocked := u.attachment(plan.Blocked, fmt.Sprintf("user %s was not made by gen3-bootstrap and policy %s is not attached to it", u.seen.ARN, u.PolicyARN))
	blocked.Hint = cure
	return []plan.Change{out, blocked}
}

func (u *User) boundaryDiffers() bool { return u.Boundary != "" && u.seen.Boundary != u.Boundary }

func (u *User) change(action plan.Action, reason, cure string) plan.Change {
	return plan.Change{Step: UserStep, Resource: "iam-user/" + u.ARN(), Action: action, Reason: reason, Hint: cure}
}

func (u *User) attachment(action plan.Action, reason string) plan.Change {
	return plan.Change{Step: UserStep, Resource: "policy-attachment/" + u.Lookup.UserName + "/" + lastPart(u.PolicyARN), Action: action, Reason: reason}
}

// Apply does what the last Observe said.
func (u *User) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: UserStep}
	for i, apply := range []func(context.Context, report) error{u.applyUser, u.applyAttachment} {
		change := u.todo[i]
		if change.Action == plan.None {
			continue
		}
		if err := apply(ctx, say); err != nil {
			return err
		}
		say.changed(change)
	}
	return nil
}

func (u *User) applyUser(ctx context.Context, say report) error {
	if u.seen == nil {
		return u.create(ctx, say)
	}
	return u.update(ctx, say)
}

func (u *User) create(ctx context.Context, say report) error {
	call, cancel := u.Pace.begun(ctx)
	defer cancel()
	in := &iam.CreateUserInput{UserName: &u.Lookup.UserName, Path: &u.Path, Tags: markTags(u.Owner, u.Tags).list()}
	if u.Boundary != "" {
		in.PermissionsBoundary = &u.Boundary
	}
	out, err := u.API.CreateUser(call, in)
	if err == nil {
		made := userSeen(out.User)
		made.New, made.Tags = true, tagsOf(in.Tags)
		u.seen = made
		u.Lookup.Set(made)
		return nil
	}
	if !isTaken(err) && !isUnclear(err) {
		return fmt.Errorf("create IAM user %s: %w", u.Lookup.UserName, err)
	}
	return u.claim(ctx, say, err)
}

// claim looks whether a create that ended in cause took effect after all, or whether somebody else has the name.
func (u *User) claim(ctx context.Context, say report, cause error) error {
	what := "create IAM user " + u.Lookup.UserName
	err := u.Pace.poll(ctx, u.Pace.Settle, func(ctx context.Context) (bool, error) {
		u.Lookup.Forget()
		seen, err := u.Lookup.Get(ctx)
		if err != nil || seen == nil {
			say.waiting("IAM user " + u.Lookup.UserName + " to show up after an unclear answer")
			return false, err
		}
		u.seen = seen
		return true, nil
	})
	switch {
	case errors.Is(err, errTooLong):
		return hint.With(fmt.Errorf("%s: %w", what, cause), "names are unique without regard to case; `aws iam list-users` shows the one in the way")
	case err != nil:
		return err
	case !u.seen.Tags.ours():
		return fmt.Errorf("%s: somebody else made it meanwhile: %w", what, ErrNotOwned)
	}
	if err := refusal(what, u.diff()); err != nil {
		return err
	}
	return u.update(ctx, say)
}

func (u *User) update(ctx context.Context, say report) error {
	name := u.Lookup.UserName
	if u.boundaryDiffers() {
		err := u.Pace.persist(ctx, say.waiting, "permissions boundary of IAM user "+name, func(ctx context.Context) error {
			_, err := u.API.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &u.Boundary})
			return wrap("set permissions boundary of IAM user "+name, err)
		})
		if err != nil {
			return err
		}
	}
	missing := u.seen.Tags.missing(markTags(u.Owner, u.Tags))
	if len(missing) == 0 {
		return nil
	}
	maps.Copy(u.seen.Tags, missing) // the key step judges the same user
	return u.Pace.persist(ctx, say.waiting, "tag IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.TagUser(ctx, &iam.TagUserInput{UserName: &name, Tags: missing.list()})
		return wrap("tag IAM user "+name, err)
	})
}

// Forget makes the next Observe ask again.
func (u *User) Forget() { u.Lookup.Forget() }

// applyAttachment attaches the policy. Both user and policy may be so new that IAM does not see them everywhere.
func (u *User) applyAttachment(ctx context.Context, say report) error {
	name := u.Lookup.UserName
	return u.Pace.persist(ctx, say.waiting, "attach policy to IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &u.PolicyARN})
		return wrap("attach IAM policy "+u.PolicyARN+" to user "+name, err)
	})
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
