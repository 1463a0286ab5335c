package accesskey

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Destroy does what the last PlanDestroy said, and waits first for what that left in doubt.
func (r *Removal) Destroy(ctx context.Context, sink event.Sink) error {
	defer func() { r.ended = true }()
	say := iamsetup.Report{Sink: sink, Step: Step}
	if err := r.settle(ctx, say); err != nil {
		r.looked = false
		return err
	}
	var errs []error
	for _, x := range r.todo.doomed {
		if err := r.delete(ctx, say, x); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 { // else the announcement of a mint may be the only proof of whose a remaining key is
		errs = append(errs, r.untagStale(ctx, say))
	}
	for _, blocked := range r.todo.blocks {
		errs = append(errs, hint.Blocked(blocked))
	}
	return errors.Join(errs...)
}

// untagStale takes off what stands for nothing any more.
func (r *Removal) untagStale(ctx context.Context, say iamsetup.Report) error {
	err := r.untag(ctx, say, r.todo.untag...)
	if err == nil && len(r.todo.untag) > 0 {
		say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.KeyEntry, r.Lookup.UserName), Action: plan.Update, Reason: r.todo.entry()})
	}
	return err
}

// settle looks again until nothing is in doubt or the usual lag has passed.
func (r *Removal) settle(ctx context.Context, say iamsetup.Report) error {
	if r.todo.settle == "" {
		return nil
	}
	limit := r.Pace.Mint + r.Pace.Settle
	err := r.Pace.Until(ctx, limit, func(ctx context.Context) (bool, error) {
		say.Waiting("IAM, to see " + r.todo.settle)
		r.Lookup.Forget()
		err := r.look(ctx, false)
		return r.todo.settle == "", err
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		r.Lookup.Forget()
		return r.look(ctx, true)
	}
	return err
}

func (r *Removal) delete(ctx context.Context, say iamsetup.Report, x doomed) error {
	name := r.Lookup.UserName
	err := r.Gone(ctx, say, "delete access key "+x.id+" of IAM user "+name, func(ctx context.Context) error {
		_, err := r.AWS.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: &x.id})
		return err // gone wraps
	})
	if err != nil {
		return hint.With(err, "run teardown again, or: "+deleteKeyCommand(name, x.id))
	}
	r.deleted = append(r.deleted, x.id)
	say.Changed(plan.Change{Step: Step, Resource: plan.Of(plan.AccessKey, x.id), Action: plan.Delete, Reason: x.reason})
	if r.view.tagged(x.id) == "" {
		return nil
	}
	return r.untag(ctx, say, iamsetup.TagKey+x.id)
}

func (r *Removal) untag(ctx context.Context, say iamsetup.Report, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	name := r.Lookup.UserName
	return r.Gone(ctx, say, "take tags "+strings.Join(keys, ", ")+" off IAM user "+name, func(ctx context.Context) error {
		_, err := r.AWS.IAM.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
		return err // gone wraps
	})
}
