package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Teardown takes away what up made for the namespace, and only that. The result is filled as far as the run came, also
// when the error is not nil; that is ErrFailed whenever something is left that should be gone.
func Teardown(ctx context.Context, s Settings, o TeardownOptions, env Env) (Result, error) {
	r := newRun("teardown", s, env)
	t := &teardown{run: r, options: o}
	return r.do(ctx, func(ctx context.Context, _ *run) error { return t.do(ctx) })
}

// teardown is one execution.
type teardown struct {
	*run

	options  TeardownOptions
	names    names
	known    names // those of them that the record has
	owner    iamsetup.Owner
	external *kube.ExternalSecrets // nil where no cluster is asked
	believe  time.Time             // when IAM's word that something is not there can be trusted
	all      endings
	blast    blast
	closing  []plan.Change // of record, Lease and namespace, which go last
	closed   bool          // the record has gone
	extra    []string      // warnings that no step has
}

func (t *teardown) do(ctx context.Context) error {
	if err := t.prepare(ctx); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if t.options.DryRun || !t.pending() {
		t.result.Changed = t.pending()
		return t.problems()
	}
	if err := t.confirm(ctx); err != nil {
		return t.fail("", err)
	}
	if !t.hasLock() {
		return t.destroy(ctx)
	}
	held, err := t.takeLock(ctx)
	if err != nil {
		return t.fail("", err)
	}
	t.lock.check = held.Check
	err = t.destroyLocked(held.Context()) //nolint:contextcheck // the lock's context is derived from ctx
	held.Release()
	if err != nil {
		return err
	}
	return t.leave(ctx)
}

// hasLock reports whether there is a namespace to have the lock in.
func (t *teardown) hasLock() bool {
	ns := t.target.namespace
	return ns != nil && ns.DeletionTimestamp == nil
}

// destroyLocked looks again, since another run may have been at work before the lock was ours.
func (t *teardown) destroyLocked(ctx context.Context) error {
	if err := t.target.record.Load(ctx); err != nil {
		return t.fail(recordStep, err)
	}
	t.assemble()
	if err := t.observe(ctx); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	return t.destroy(ctx)
}

// destroy goes on past every failure.
func (t *teardown) destroy(ctx context.Context) error {
	changed := t.all.destroy(ctx, t.env.Sink, t.env.Now)
	recorded, err := t.closeRecord(ctx)
	t.tell(true, append(changed, recorded...))
	if err != nil {
		_ = t.fail(recordStep, err)
	}
	return errors.Join(err, t.problems())
}

// prepare is everything before the first write.
func (t *teardown) prepare(ctx context.Context) error {
	if errs := append(t.settings.named().Check(), t.options.check(t.settings)...); len(errs) > 0 {
		return t.fail("", errs...)
	}
	errs := t.connect(ctx)
	t.describeTarget()
	if len(errs) > 0 {
		return t.fail("", errs...)
	}
	if err := t.checkRecord(); err != nil {
		return t.fail(recordStep, err)
	}
	if err := t.learnBelief(ctx); err != nil {
		return t.fail(recordStep, err)
	}
	if err := t.askIssuer(ctx); err != nil {
		return t.fail(iamsetup.ProviderStep, err)
	}
	t.assemble()
	return t.observe(ctx)
}

// pending reports whether there is anything to do.
func (t *teardown) pending() bool {
	return slices.ContainsFunc(t.all, (*ending).pending) || plan.Pending(t.closing)
}

// observe asks every ending what it would do, and then what that would leave without its ground.
func (t *teardown) observe(ctx context.Context) error {
	t.all.plan(ctx)
	if err := context.Cause(ctx); err != nil {
		return t.fail("", err)
	}
	var err error
	t.blast = blast{}
	if t.external != nil {
		t.blast, err = t.takes().measure(ctx, t.external, t.target.settings.Namespace)
	}
	if err != nil {
		return t.fail(blastStep, err)
	}
	if t.closing, err = t.planClosing(ctx); err != nil {
		return t.fail(recordStep, err)
	}
	t.tell(false, nil)
	return nil
}

// takes is what the planned changes take away of what stores stand on.
func (t *teardown) takes() taken {
	var out taken
	account := func(r roleName) {
		for _, who := range r.trusted {
			out.accounts = addOnce(out.accounts, accountOf(who.Subject))
		}
	}
	for _, e := range t.all {
		if !e.pending() {
			continue
		}
		for _, c := range e.planned {
			switch {
			case c.Step == helmStep && c.Action == plan.Delete && strings.HasPrefix(c.Resource, "helm-release/"):
				out.operator = true
			case c.Step == helmStep && c.Action == plan.Delete && strings.HasPrefix(c.Resource, "customresourcedefinition/"):
				out.crds = true
			case c.Action == plan.Delete && slices.Contains([]string{iamsetup.KeyStep, iamsetup.UserStep, iamsetup.PolicyStep}, c.Step):
				for _, name := range t.names.secrets {
					out.secrets = addOnce(out.secrets, t.target.settings.Namespace+"/"+name)
				}
			}
			losesRole := c.Step == iamsetup.RoleStep && plan.Pending([]plan.Change{c}) ||
				c.Action == plan.Delete && (c.Step == iamsetup.PolicyStep || c.Step == iamsetup.ProviderStep)
			if losesRole {
				for _, role := range t.names.roles {
					account(role)
				}
			}
		}
	}
	return out
}

// accountOf turns a token's subject into "namespace/name".
func accountOf(subject string) string {
	return strings.Replace(strings.TrimPrefix(subject, "system:serviceaccount:"), ":", "/", 1)
}

// refusal ends a run that would cost more than what is torn down.
func (t *teardown) refusal() error {
	if t.options.Force || len(t.blast.parts) == 0 && len(t.blast.unread) == 0 {
		return nil
	}
	for _, err := range t.blast.unread {
		_ = t.fail(blastStep, hint.With(fmt.Errorf("it is not known what would be lost: %w", err), joinLines(hint.Of(err), "--force goes on without knowing")))
	}
	if len(t.blast.parts) == 0 {
		return ErrFailed
	}
	objects, secrets := t.blast.total()
	texts := make([]string, 0, len(t.blast.parts))
	for _, p := range t.blast.parts {
		texts = append(texts, p.resource()+": "+p.String())
	}
	err := fmt.Errorf("%s of External Secrets and %s that they own would be %s; %s",
		counted(objects, "object"), counted(secrets, "Secret"), t.blast.fate(), strings.Join(texts, "; "))
	return t.fail(blastStep, hint.With(err, t.refusalHint()))
}

func (t *teardown) refusalHint() string {
	if t.blast.crds {
		return "uninstall what made them first; --force deletes them all\nwithout --delete-crds they and their Secrets stay, under --force as well"
	}
	return "uninstall what made them first (such as the gen3 release); --force goes on: they and their Secrets stay as they are, and are refreshed no more"
}

func joinLines(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

// confirm asks the person at the terminal, who types where this happens.
func (t *teardown) confirm(ctx context.Context) error {
	if t.settings.Yes {
		return nil
	}
	want := t.settings.Account
	if t.target.kube != nil {
		want = t.target.kube.Context
	}
	if t.env.Confirm == nil {
		return hint.With(errors.New("confirm teardown: there is no terminal to ask at"), "--yes goes on without asking; --dry-run says what would be deleted")
	}
	var b strings.Builder
	b.WriteString(t.options.describe(t.target) + ":\n")
	for _, c := range t.result.Changes {
		fmt.Fprintf(&b, "  %-7s  %s: %s\n", c.Action, c.Resource, c.Reason)
	}
	yes, err := t.env.Confirm(ctx, strings.TrimRight(b.String(), "\n"), want)
	if err != nil {
		return fmt.Errorf("confirm teardown: %w", err)
	}
	if !yes {
		return errors.New("confirm teardown: something else was typed, so nothing was deleted")
	}
	return nil
}
