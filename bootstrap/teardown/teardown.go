package teardown

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// Run takes away what up made for the namespace, and only that. The result is filled as far as the run came, also
// when the error is not nil; that is ErrFailed whenever something is kept that should have been deleted.
func Run(ctx context.Context, s bootstrap.Settings, o Options, env bootstrap.Env) (bootstrap.Result, error) {
	r := bootstrap.NewRun("teardown", s, env)
	o.ClusterID = strings.ToLower(o.ClusterID) // as the API server writes UIDs, and our tags with them
	t := &teardown{Run: r, options: o}
	return r.Do(ctx, func(ctx context.Context, _ *bootstrap.Run) error { return t.do(ctx) })
}

// teardown is one execution.
type teardown struct {
	*bootstrap.Run

	options  Options
	names    bootstrap.Names
	known    bootstrap.Names // those of them that the record has
	owner    iamsetup.Owner
	external *external.Objects // nil where no cluster is asked
	issuer   string            // the cluster's, where it was asked for
	all      endings
	blast    blast
	closing  []plan.Change                  // of record, Lease and namespace, which go last
	closed   bool                           // the record has gone
	extra    []string                       // warnings that no step has
	accounts map[string]kube.ServiceAccount // by "namespace/name"
	agreed   []string                       // resources whose deletion a person agreed to; nil where none was asked
	shared   map[string]*kube.Held          // locks of what namespaces share, by the release's namespace
}

func (t *teardown) do(ctx context.Context) error {
	if err := t.prepare(ctx); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if t.pending() {
		if err := t.mayDestroy(ctx); err != nil {
			return err
		}
	}
	if t.options.DryRun || !t.pending() {
		t.Result.Changed = t.pending()
		return t.problems()
	}
	if err := t.confirm(ctx); err != nil {
		return t.Fail("", err)
	}
	if err := t.destroyAlone(ctx); err != nil || !t.hasLock() {
		return err
	}
	return t.leave(ctx)
}

// destroyAlone destroys as the one run that writes in the namespace, and what namespaces share.
func (t *teardown) destroyAlone(ctx context.Context) error { //nolint:contextcheck // the lock's context is derived from ctx
	if t.hasLock() {
		held, err := t.TakeLock(ctx)
		if err != nil {
			return t.Fail("", err)
		}
		defer held.Release()
		t.Lock.Ask = held.Check
		t.Target.WroteAt(held.RenewedBefore())
		ctx = held.Context()
	}
	defer t.letGo()
	if _, err := t.lockReleases(ctx); err != nil {
		return t.Fail(bootstrap.HelmStep, err)
	}
	if !t.hasLock() && len(t.shared) == 0 {
		return t.destroy(ctx)
	}
	return t.destroyLocked(ctx)
}

// hasLock reports whether there is a namespace to have the lock in.
func (t *teardown) hasLock() bool {
	ns := t.Target.Namespace
	return ns != nil && ns.DeletionTimestamp == nil
}

// destroyLocked looks again, since another run may have been at work before the locks were ours.
func (t *teardown) destroyLocked(ctx context.Context) error {
	if err := t.Target.LoadRecord(ctx); err != nil {
		return t.Fail(bootstrap.RecordStep, err)
	}
	for more := true; more; {
		t.assemble()
		if err := t.observe(ctx); err != nil {
			return err
		}
		var err error
		if more, err = t.lockReleases(ctx); err != nil {
			return t.Fail(bootstrap.HelmStep, err)
		}
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if err := t.stillAgreed(); err != nil {
		return t.Fail("", err)
	}
	return t.destroy(ctx)
}

// destroy goes on past every failure. The release goes last, so that little time passes until the record is gone.
func (t *teardown) destroy(ctx context.Context) error {
	releases, others := t.split()
	changed := others.destroy(ctx, t.Env.Sink, t.Env.Now)
	changed = append(changed, releases.destroy(ctx, t.Env.Sink, t.Env.Now)...)
	recorded, err := t.closeRecord(ctx)
	freed, lockErr := t.deleteReleaseLocks(ctx)
	t.tell(true, slices.Concat(changed, recorded, freed))
	if err != nil {
		_ = t.Fail(bootstrap.RecordStep, err)
	}
	if lockErr != nil {
		_ = t.Fail(bootstrap.HelmStep, lockErr)
	}
	return errors.Join(err, lockErr, t.problems())
}

// prepare is everything before the first write.
func (t *teardown) prepare(ctx context.Context) error {
	if errs := append(t.Settings.Named().Check(), t.options.check(t.Settings)...); len(errs) > 0 {
		return t.Fail("", errs...)
	}
	var errs []error
	t.Target, errs = bootstrap.Connect(ctx, t.Settings, t.Env, bootstrap.Wants{Gone: t.options.ClusterID, Writes: true})
	t.owner, t.external = t.Target.Owner(), t.Target.External
	t.DescribeTarget()
	if len(errs) > 0 {
		return t.Fail("", errs...)
	}
	if err := errors.Join(t.checkRecord(), t.checkNames()); err != nil {
		return t.Fail(bootstrap.RecordStep, err)
	}
	if err := t.askIssuer(ctx); err != nil {
		return t.Fail(oidcprovider.Step, err)
	}
	t.assemble()
	return t.observe(ctx)
}

// pending reports whether there is anything to do.
func (t *teardown) pending() bool {
	return slices.ContainsFunc(t.all, (*ending).pending) || plan.Pending(t.closing)
}

// observe asks every ending what it would do, and then which objects depend on what it would delete.
func (t *teardown) observe(ctx context.Context) error {
	t.all.plan(ctx)
	if err := t.readAccounts(ctx); err != nil {
		return t.Fail(blastStep, err)
	}
	if err := context.Cause(ctx); err != nil {
		return t.Fail("", err)
	}
	var err error
	t.blast = blast{}
	if t.external != nil {
		t.blast, err = t.takes().measure(ctx, t.external, t.Target.Settings.Namespace)
	}
	if err != nil {
		return t.Fail(blastStep, err)
	}
	if t.closing, err = t.planClosing(ctx); err != nil {
		return t.Fail(bootstrap.RecordStep, err)
	}
	t.tell(false, nil)
	return nil
}
