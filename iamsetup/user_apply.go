package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Apply does what the last Observe said.
func (u *User) Apply(ctx context.Context, sink event.Sink) error {
	say := report{sink: sink, step: UserStep}
	return makeInTurn(ctx, say, u.todo, u.applyUser, u.applyAttachment)
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
	err := u.Pace.appear(ctx, say, "IAM user "+u.Lookup.UserName, func(ctx context.Context) (bool, error) {
		u.Lookup.Forget()
		seen, err := u.Lookup.Get(ctx)
		if err != nil || seen == nil {
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
	if u.has, err = u.policies(ctx); err != nil {
		return err
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

// applyAttachment attaches the policy. Both user and policy may be so new that IAM does not see them everywhere.
func (u *User) applyAttachment(ctx context.Context, say report) error {
	name := u.Lookup.UserName
	err := u.Pace.persist(ctx, say.waiting, "attach policy to IAM user "+name, func(ctx context.Context) error {
		_, err := u.API.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &u.PolicyARN})
		return wrap("attach IAM policy "+u.PolicyARN+" to user "+name, err)
	})
	if errorCode(err) == "LimitExceeded" {
		return hint.With(err, "a user has 10 managed policies by default; detach one, or give this one a user of its own with --user-name")
	}
	return err
}
