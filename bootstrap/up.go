package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// ErrFailed is returned when Result.Errors says what went wrong; the caller prints those and exits 1.
var ErrFailed = errors.New("the run failed")

// ErrInterrupted is returned when a signal ended the run: what was begun was finished or undone. The caller exits 130.
var ErrInterrupted = errors.New("interrupted")

// Up converges everything. The result is filled as far as the run came, also when the error is not nil.
func Up(ctx context.Context, s Settings, env Env) (Result, error) {
	return newRun("up", s, env).do(ctx, func(ctx context.Context, r *run) error { return r.up(ctx) })
}

// Plan says what Up would do, from the same observation and with the same refusals. It writes nothing.
func Plan(ctx context.Context, s Settings, env Env) (Result, error) {
	return newRun("plan", s, env).do(ctx, func(ctx context.Context, r *run) error {
		_, err := r.prepare(ctx)
		return err
	})
}

// run is one execution of up, plan or teardown.
type run struct {
	command  string
	settings Settings
	env      Env
	target   *target
	steps    *steps
	lock     *guard
	asked    bool          // the operator was asked about unused keys
	made     []plan.Change // before the lock could be taken
	result   Result
}

func newRun(command string, s Settings, env Env) *run {
	return &run{command: command, settings: s, env: env, lock: &guard{}, result: Result{
		Command: command, Account: s.Account, Region: s.Region, Namespace: s.Namespace,
		Changes: []plan.Change{}, Warnings: []string{}, Errors: []Problem{},
	}}
}

// do gives the run its time limit and closes its result.
func (r *run) do(ctx context.Context, work func(context.Context, *run) error) (Result, error) {
	begun := r.env.Now()
	limited, cancel := r.env.bounded(ctx, r.settings.Timeout)
	defer cancel()
	err := work(limited, r)
	if r.target != nil && r.steps != nil {
		r.result.Outputs = r.target.outputs(r.steps)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = r.fail("", hint.With(context.Cause(limited), "what was made is kept and the next run goes on from there; --timeout raises the limit"))
	}
	r.result.DurationSeconds = r.env.Now().Sub(begun).Round(time.Millisecond).Seconds()
	if isInterrupt(ctx) {
		return r.result, ErrInterrupted
	}
	return r.result, err
}

// fail enters errors into the result.
func (r *run) fail(step string, errs ...error) error {
	for _, err := range errs {
		r.result.Errors = append(r.result.Errors, problemOf(step, err))
	}
	return ErrFailed
}

// up observes without a lock, and takes it only when something is to be done.
func (r *run) up(ctx context.Context) error {
	pending, err := r.prepare(ctx)
	r.result.Changed = false // until something was written
	if err != nil {
		return err
	}
	if !pending && !r.steps.releaseBusy() {
		return r.awaitRelease(ctx)
	}
	if err := r.makeNamespace(ctx); err != nil {
		return r.fail(RecordStep, err)
	}
	defer r.tellNamespace()
	held, err := r.takeLock(ctx)
	if err != nil {
		return r.fail("", err)
	}
	defer held.Release()
	r.lock.ask = held.Check
	r.target.wroteAt(held.RenewedBefore())
	return r.applyLocked(held.Context()) //nolint:contextcheck // the lock's context is derived from ctx
}

// awaitRelease waits for the operator of a release that is up to date: its pods may still be on their way.
func (r *run) awaitRelease(ctx context.Context) error {
	if r.steps.release == nil {
		return nil
	}
	if err := r.steps.release.Await(ctx, r.env.Sink); err != nil {
		return r.fail(r.steps.release.Name(), err)
	}
	return nil
}

// applyLocked looks again, since another run may have been at work before the lock was ours, and then writes what there
// is to write.
func (r *run) applyLocked(ctx context.Context) error {
	if err := r.target.loadRecord(ctx); err != nil {
		return r.fail(RecordStep, err)
	}
	_, err := r.observe(ctx)
	r.result.Changed = false // until something was written
	if err != nil {
		return err
	}
	engine := r.engine()
	changed, failures := engine.apply(ctx)
	r.result.Changes = withUnchanged(engine, changed, r.result.Changes)
	r.result.Changed = len(changed) > 0
	r.collectWarnings()
	for _, f := range failures {
		_ = r.fail(f.step, f.err)
	}
	if len(failures) > 0 {
		return ErrFailed
	}
	return r.stillRecorded(ctx)
}

// stillRecorded fails where somebody deleted the record while this run made what it tells of.
func (r *run) stillRecorded(ctx context.Context) error {
	if !r.result.Changed {
		return nil
	}
	record := r.target.record
	if err := record.Load(ctx); err != nil {
		return r.fail(RecordStep, err)
	}
	if !record.Exists() {
		return r.fail(RecordStep, hint.With(fmt.Errorf("read record ConfigMap %s/%s: it was deleted while this run was at work", record.Namespace, kube.RecordName),
			"run the same command again, which records what there is"))
	}
	return nil
}

// withUnchanged puts what was up to date beside what was changed, in the order of the steps.
func withUnchanged(e *engine, changed, observed []plan.Change) []plan.Change {
	all := &recorder{sink: event.Discard, changes: changed}
	for _, c := range observed {
		if c.Action == plan.None {
			all.changes = append(all.changes, c)
		}
	}
	return append([]plan.Change{}, all.inOrder(e.nodes)...)
}
