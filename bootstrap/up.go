package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	return NewRun("up", s, env).Do(ctx, func(ctx context.Context, r *Run) error { return r.up(ctx) })
}

// Plan says what Up would do, from the same observation and with the same refusals. It writes nothing.
func Plan(ctx context.Context, s Settings, env Env) (Result, error) {
	return NewRun("plan", s, env).Do(ctx, func(ctx context.Context, r *Run) error {
		_, err := r.prepare(ctx)
		return err
	})
}

// Run is one execution of up, plan, rotate or teardown.
type Run struct {
	command      string
	rotation     *Rotation // of rotate; nil else
	Settings     Settings
	wished       Settings   // before the record was asked
	agreed       *Agreement // to which a person agreed a moment ago; nil: nobody was asked
	Env          Env
	Target       *Target
	steps        *Steps
	Lock         *Guard
	blind        bool          // a step could not say what it would do
	asked        bool          // the operator was asked about unused keys
	nameWarnings []string      // of the render that found the names
	made         []plan.Change // before the lock could be taken
	Result       Result
}

// NewRun begins a run of a command.
func NewRun(command string, s Settings, env Env) *Run {
	return &Run{command: command, Settings: s, Env: env, Lock: &Guard{}, Result: Result{
		Command: command, Account: s.Account, Region: s.Region, Namespace: s.Namespace,
		Changes: []plan.Change{}, Warnings: []Warning{}, Errors: []Problem{},
	}}
}

// Do gives the run its time limit and closes its result.
func (r *Run) Do(ctx context.Context, work func(context.Context, *Run) error) (Result, error) {
	begun := r.Env.Now()
	limited, cancel := r.Env.Bounded(ctx, r.Settings.Timeout)
	defer cancel()
	err := work(limited, r)
	if r.steps != nil {
		r.Result.Outputs = r.steps.outputs()
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = r.Fail("", hint.With(context.Cause(limited), "what was made is kept and the next run goes on from there; --timeout raises the limit"))
	}
	r.Result.Counts = plan.Count(r.Result.Changes)
	r.Result.DurationSeconds = r.Env.Now().Sub(begun).Round(time.Millisecond).Seconds()
	if IsInterrupt(ctx) {
		return r.Result, ErrInterrupted
	}
	return r.Result, err
}

// Fail enters errors into the result.
func (r *Run) Fail(step string, errs ...error) error {
	r.Result.Errors = r.Target.Problems(r.Result.Errors, step, errs...)
	return ErrFailed
}

// up observes without a lock, and takes it only when something is to be done.
func (r *Run) up(ctx context.Context) error {
	pending, err := r.prepare(ctx)
	r.Result.Changed = false // until something was written
	if err != nil {
		return err
	}
	if !pending && !r.steps.releaseBusy() {
		if err := r.keepTo(r.Settings.Agreed); err != nil {
			return r.Fail("", err)
		}
		return r.awaitRelease(ctx)
	}
	if err := r.keepTo(r.Settings.Agreed); err != nil {
		return r.Fail("", err)
	}
	if err := r.agree(ctx); err != nil {
		return r.Fail("", err)
	}
	if err := r.makeNamespace(ctx); err != nil {
		return r.Fail(RecordStep, err)
	}
	defer r.tellNamespace()
	held, err := r.TakeLock(ctx)
	if err != nil {
		return r.Fail("", err)
	}
	defer held.Release()
	r.Lock.Ask = held.Check
	r.Target.WroteAt(held.RenewedBefore())
	return r.applyLocked(held.Context()) //nolint:contextcheck // the lock's context is derived from ctx
}

// awaitRelease waits for the operator of a release that is up to date: its pods may still be on their way. Where they have arrived
// nothing is asked; status tells whether the webhook still answers.
func (r *Run) awaitRelease(ctx context.Context) error {
	if r.steps.Release == nil || r.steps.Release.Available() {
		return nil
	}
	if err := r.steps.Release.awaitOperator(ctx, r.Env.Sink); err != nil {
		return r.Fail(r.steps.Release.Name(), err)
	}
	return nil
}

// applyLocked looks again, since another run may have been at work before the lock was ours, and then writes what there
// is to write.
func (r *Run) applyLocked(ctx context.Context) error {
	if err := r.Target.LoadRecord(ctx); err != nil {
		return r.Fail(RecordStep, err)
	}
	if err := r.sameSettings(); err != nil {
		return r.Fail(RecordStep, err)
	}
	_, err := r.observe(ctx)
	r.Result.Changed = false // until something was written
	if err != nil {
		return err
	}
	if len(r.made) > 0 { // before the namespace was there, nothing in it could be tried
		if err := r.block(r.rehearse(ctx)); err != nil {
			return err
		}
	}
	if err := errors.Join(r.keepTo(r.Settings.Agreed), r.keepTo(r.agreed)); err != nil {
		return r.Fail("", err)
	}
	engine := r.engine()
	changed, failures := engine.apply(ctx)
	r.Result.Changes = outcomes(engine, r.Result.Changes, changed, failures)
	r.Result.Changed = len(changed) > 0
	r.collectWarnings()
	for _, f := range failures {
		_ = r.Fail(f.Step, f.Err)
	}
	if len(failures) > 0 {
		return ErrFailed
	}
	return r.stillRecorded(ctx)
}

// stillRecorded fails where somebody deleted the record while this run made what it tells of.
func (r *Run) stillRecorded(ctx context.Context) error {
	if !r.Result.Changed || r.rotation != nil { // which records nothing
		return nil
	}
	record := r.Target.Record
	if err := record.Load(ctx); err != nil {
		return r.Fail(RecordStep, err)
	}
	if !record.Exists() {
		return r.Fail(RecordStep, hint.With(fmt.Errorf("read record ConfigMap %s/%s: it was deleted while this run was at work", record.Namespace, kube.RecordName),
			"run the same command again, which records what there is"))
	}
	return nil
}

// outcomes are all changes that were planned, with what came of each, and what was changed beside them. A step that failed stopped at the first
// of its changes that was not made.
func outcomes(e *Engine, planned, changed []plan.Change, failures []observation) []plan.Change {
	var all []plan.Change
	for _, c := range changed {
		c.Outcome = plan.Done
		all = append(all, c)
	}
	made := slices.Clone(changed)
	stopped := map[string]bool{}
	for _, f := range failures {
		stopped[f.Step] = true
	}
	for _, c := range planned {
		if c.Action == plan.None {
			all = append(all, c)
			continue
		}
		i := slices.IndexFunc(made, func(m plan.Change) bool {
			return m.Step == c.Step && (m.Resource == c.Resource || m.Resource.Kind == c.Resource.Kind && c.Resource.Name == plan.KnownAfterApply)
		})
		switch {
		case i >= 0:
			made = slices.Delete(made, i, i+1)
			continue
		case len(failures) == 0: // the step found it done when it came to it
			continue
		case stopped[c.Step]:
			c.Outcome, stopped[c.Step] = plan.Failed, false
		default:
			c.Outcome = plan.NotReached
		}
		all = append(all, c)
	}
	return InOrder(all, e.steps())
}
