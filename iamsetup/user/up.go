package user

import (
	"cmp"
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name of the step that owns the user and its policy attachment.
const Step = "iam-user"

// Up is the step for the user whose key the operator uses, with the policy attached.
type Up struct {
	principal.Up

	Lookup *principal.UserLookup
}

// Name is the step's name.
func (u *Up) Name() string { return Step }

// ARN is the user's as IAM returned it, else the one that it will have.
func (u *Up) ARN() string {
	return cmp.Or(u.Up.ARN(), u.Account.UserARN(u.Path, u.Lookup.UserName))
}

// Observe reads the user and what is attached to it, and says what Apply would do.
func (u *Up) Observe(ctx context.Context) ([]plan.Change, error) {
	u.On(calls(u.API, u.Lookup.UserName))
	return u.Plan(ctx, u.resource())
}

// Apply does what the last Observe said.
func (u *Up) Apply(ctx context.Context, sink event.Sink) error {
	return u.MakeBoth(ctx, sink, u.resource())
}

func (u *Up) resource() iamsetup.Resource {
	r := u.Resource(u.read)
	r.Create, r.Update, r.Forget = u.create, u.update, u.Lookup.Forget
	r.Judge = func() ([]plan.Change, error) {
		return u.JudgeBoth(iamsetup.Difference{Missing: u.Have().Missing(u.Marks()), Reserve: u.reserve()}, nil), nil
	}
	return r
}

func (u *Up) read(ctx context.Context) error {
	seen, err := u.Lookup.Get(ctx)
	u.show(seen)
	return err
}

func (u *Up) show(seen *principal.UserSeen) {
	if seen == nil {
		u.Found(nil, u.Account.UserARN(u.Path, u.Lookup.UserName), "")
		return
	}
	u.Found(seen.Tags, seen.ARN, seen.Boundary)
}

// reserve are the tags that making a key takes: the announcement and the key's own, which comes when the key is stored and
// in use. For an owner whose key is entered nothing is kept free.
func (u *Up) reserve() iamsetup.Tags {
	for key, value := range u.Have() {
		if strings.HasPrefix(key, iamsetup.TagKey) && value == u.Owner.String() {
			return nil
		}
	}
	return iamsetup.Tags{iamsetup.TagMinting + u.Owner.String(): "", iamsetup.TagKey + plan.KnownAfterApply: ""}
}

func (u *Up) create(ctx context.Context) error {
	in := &iam.CreateUserInput{UserName: &u.Lookup.UserName, Path: &u.Path, Tags: u.Marks().List()}
	if u.Boundary != "" {
		in.PermissionsBoundary = &u.Boundary
	}
	out, err := u.API.CreateUser(ctx, in)
	if err != nil {
		return err // the caller says what it was doing
	}
	made := principal.Seen(out.User)
	made.New, made.Tags = true, u.Marks()
	u.show(made)
	u.Lookup.Set(made)
	return nil
}

func (u *Up) update(ctx context.Context, say iamsetup.Report) error {
	if err := u.WriteBoundary(ctx, say); err != nil {
		return err
	}
	missing := u.Have().Missing(u.Marks())
	maps.Copy(u.Have(), missing) // the key step judges by the same tags
	return u.WriteTags(ctx, say, missing)
}

// Held reports whether there is such a user and it carries an owner's tag. ErrDenied is among the errors.
func Held(ctx context.Context, api *iam.Client, name string, o iamsetup.Owner) (bool, error) {
	seen, err := (&principal.UserLookup{API: api, UserName: name}).Get(ctx)
	return seen != nil && seen.Tags.OwnedBy(o), iamsetup.MarkDenied(err)
}
