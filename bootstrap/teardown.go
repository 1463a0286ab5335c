package bootstrap

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Teardown takes away what up made for the namespace, and only that. The result is filled as far as the run came, also
// when the error is not nil; that is ErrFailed whenever something is left that should be gone.
func Teardown(ctx context.Context, s Settings, o TeardownOptions, env Env) (Result, error) {
	r := newRun("teardown", s, env)
	o.ClusterID = strings.ToLower(o.ClusterID) // as the API server writes UIDs, and our tags with them
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
	issuer   string                // the cluster's, where it was asked for
	all      endings
	blast    blast
	closing  []plan.Change                  // of record, Lease and namespace, which go last
	closed   bool                           // the record has gone
	extra    []string                       // warnings that no step has
	accounts map[string]kube.ServiceAccount // by "namespace/name"
	agreed   []string                       // resources whose deletion a person agreed to; nil where none was asked
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
	t.target.wroteAt(held.RenewedBefore())
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
	if err := t.target.loadRecord(ctx); err != nil {
		return t.fail(RecordStep, err)
	}
	t.assemble()
	if err := t.observe(ctx); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if err := t.stillAgreed(); err != nil {
		return t.fail("", err)
	}
	return t.destroy(ctx)
}

// destroy goes on past every failure.
func (t *teardown) destroy(ctx context.Context) error {
	changed := t.all.destroy(ctx, t.env.Sink, t.env.Now)
	recorded, err := t.closeRecord(ctx)
	t.tell(true, append(changed, recorded...))
	if err != nil {
		_ = t.fail(RecordStep, err)
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
	if err := errors.Join(t.checkRecord(), t.checkNames()); err != nil {
		return t.fail(RecordStep, err)
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
	if err := t.readAccounts(ctx); err != nil {
		return t.fail(blastStep, err)
	}
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
		return t.fail(RecordStep, err)
	}
	t.tell(false, nil)
	return nil
}
