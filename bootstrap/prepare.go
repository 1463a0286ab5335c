package bootstrap

import (
	"context"
	"fmt"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// prepare is everything before the first write: settings, account, cluster, observation, permissions. It reports
// whether there is something to do.
func (r *run) prepare(ctx context.Context) (bool, error) {
	errs := append(r.settings.Check(), r.readInputs(ctx)...)
	if len(errs) > 0 {
		return false, r.fail("", errs...)
	}
	r.target, errs = connect(ctx, r.settings, r.env)
	r.describeTarget()
	if len(errs) > 0 {
		return false, r.fail("", errs...)
	}
	r.steps = r.target.assemble(r.lock)
	if r.steps.release != nil && r.command == "up" {
		r.steps.release.shared.lock = &releaseLock{r}
	}
	pending, err := r.observe(ctx)
	if err != nil || !pending {
		return false, err
	}
	return true, r.mayWrite(ctx)
}

// readInputs reads the files that the settings name, once for the whole run.
func (r *run) readInputs(ctx context.Context) (errs []error) {
	if !r.settings.SkipHelm {
		r.settings.Helm, errs = helminstall.ReadInputs(ctx, r.settings.Helm)
	}
	return errs
}

func (r *run) describeTarget() {
	t := r.target
	r.result.Partition = t.caller.Partition
	r.result.Namespace = t.settings.Namespace
	r.result.Cluster.ID = t.clusterID
	if t.kube != nil {
		r.result.Cluster.Context, r.result.Cluster.Server = t.kube.Context, t.kube.Server
	}
	r.result.Warnings = append(r.result.Warnings, t.warnings...)
}

func (r *run) engine() *engine {
	return &engine{nodes: r.steps.nodes(), beside: r.steps.left.look, sink: r.env.Sink, now: r.env.Now}
}

// observe asks the steps and refuses the run if one of them could not answer or is blocked.
func (r *run) observe(ctx context.Context) (pending bool, err error) {
	r.result.Changes = []plan.Change{}
	seen := r.look(ctx)
	if agreed, err := r.askAboutKeys(ctx); err != nil {
		return false, r.fail(accesskey.Step, err)
	} else if agreed {
		seen = r.look(ctx)
	}
	for _, o := range seen {
		if o.err != nil {
			err = r.fail(o.step, o.err)
		}
		r.result.Changes = append(r.result.Changes, o.changes...)
	}
	r.collectWarnings()
	for _, blocked := range plan.BlockedIn(r.result.Changes) {
		err = r.fail(blocked.Step, hint.Blocked(blocked))
	}
	r.result.Changed = plan.Pending(r.result.Changes)
	return r.result.Changed, err
}

// look asks the steps anew: those of the user and its key share what they read of it.
func (r *run) look(ctx context.Context) []observation {
	if user := r.steps.user; user != nil {
		user.Lookup.Forget()
	}
	return r.engine().observe(ctx)
}

func (r *run) collectWarnings() {
	r.result.Warnings = append([]string{}, r.target.warnings...)
	r.result.Warnings = append(r.result.Warnings, r.steps.warnings()...)
}

// mayWrite asks the cluster whether the caller may do what the run is about to do, and whether it would be taken.
func (r *run) mayWrite(ctx context.Context) error {
	pending := map[string]bool{}
	for _, c := range r.result.Changes {
		if c.Action != plan.None {
			pending[c.Step] = true
		}
	}
	rehearsed := make(chan []error, 1)
	go func() { rehearsed <- r.rehearse(ctx) }()
	denied := r.mayDo(ctx, r.target.permissions(r.steps, pending))
	errs := <-rehearsed
	if denied != nil {
		return denied // it says more than what the API server refused thereby
	}
	if len(errs) > 0 {
		return r.fail("", errs...)
	}
	return nil
}

// takeLock makes this the one run that writes in the namespace.
func (r *run) takeLock(ctx context.Context) (*kube.Held, error) {
	return r.lockAt(RecordStep, r.target.settings.Namespace, kube.RecordName, r.settings.LockTimeout).Acquire(ctx) // it names the Lease
}

func (r *run) waiting(step, message string) {
	r.env.Sink.Emit(event.Event{Time: r.env.Now(), Type: event.Waiting, Step: step, Message: message})
}

// lockAt is a lock that this run may take for a step.
func (r *run) lockAt(step, namespace, name string, patience time.Duration) *kube.Lock {
	self := r.target.self
	self.Command += " " + r.command
	return &kube.Lock{
		Client: r.target.kube, Namespace: namespace, Name: name, Self: self, Now: r.env.Now,
		Duration: r.target.settings.Timing.Lease, Patience: patience,
		Waiting: func(h kube.Holder, left time.Duration) {
			r.waiting(step, fmt.Sprintf("the lock %s/%s, held by %s; its Lease ends in %s unless it is renewed", namespace, name, h, left))
		},
	}
}
