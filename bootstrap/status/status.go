package status

import (
	"context"
	"sync"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// Run says what there is, whose it is and what up would change, and writes nothing. What may not be read is said, and
// no error. With maxKeyAge, a key of this namespace that is older is one, as is an age that may not be read.
func Run(ctx context.Context, s bootstrap.Settings, maxKeyAge time.Duration, env bootstrap.Env) (Result, error) {
	v := &status{settings: s, env: env, result: NewResult(s)}
	begun := env.Now()
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	errs := v.connect(limited)
	if len(errs) == 0 {
		errs = v.namespaceAbsent()
	}
	if len(errs) == 0 {
		v.look(limited)
		errs = v.overaged(maxKeyAge)
	}
	v.result.DurationSeconds = env.Now().Sub(begun).Round(time.Millisecond).Seconds()
	if limited.Err() != nil && !bootstrap.IsInterrupt(ctx) {
		errs = append(errs, context.Cause(limited))
	}
	v.result.Errors = v.target.Problems(v.result.Errors, "", errs...)
	return v.result, bootstrap.Outcome(ctx, errs)
}

// status is one execution.
type status struct {
	settings bootstrap.Settings
	env      bootstrap.Env
	target   *bootstrap.Target
	steps    *bootstrap.Steps

	mu      sync.Mutex // of what reads at the same time fill in
	result  Result
	held    []Secret
	infos   []accesskey.Info
	webhook webhook.Answer
	blind   bool // which keys there are, or whose, could not be found out
}

func (v *status) unread(step string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.result.Unread = v.target.Problems(v.result.Unread, step, err)
	}
}

// look makes all reads at the same time. Each is on its own: one that fails is a line and keeps no other from answering.
func (v *status) look(ctx context.Context) {
	v.recall()
	t := v.target
	issuerErr := t.AskIssuer(ctx)
	v.unread(oidcprovider.Step, issuerErr)
	v.steps = t.Assemble(&bootstrap.Guard{})
	if issuerErr != nil { // nothing can be said of these without it
		v.steps.Without(oidcprovider.Step, role.Step)
		v.steps.Role = nil
	}
	if v.steps.Release != nil {
		v.steps.Release.NoFetch = true
	}
	_ = bootstrap.Together(
		func() error { v.readSteps(ctx); return nil },
		func() error { v.readLock(ctx); return nil },
		func() error { v.readSecrets(ctx); return nil },
		func() error { v.readObjects(ctx); return nil },
		func() error { v.readWebhook(ctx); return nil },
	)
	v.describeKeys()
	v.describeOwn()
	v.describeRelease()
	v.describeRole()
	v.result.Warnings = append(append(v.result.Warnings, t.Warnings...), v.steps.Warnings()...)
	v.describeWebhook()
}

// readSteps lets the steps of up say what they would do.
func (v *status) readSteps(ctx context.Context) {
	if !v.unrecorded() {
		v.steps.Without(bootstrap.RecordStep)
	}
	var all []plan.Change
	defer func() { v.result.Counts = plan.Count(all) }()
	engine := &bootstrap.Engine{Nodes: v.steps.Nodes, Beside: v.steps.Left.Look, Sink: event.Discard, Now: v.env.Now}
	for _, o := range engine.Observe(ctx) {
		v.unread(o.Step, o.Err)
		for _, c := range v.target.Doubted(v.steps, o.Changes) {
			v.result.Resources = append(v.result.Resources, v.resource(c))
			v.result.Drift = v.result.Drift || c.Action != plan.None
			all = append(all, c)
		}
		if o.Step == accesskey.Step && v.steps.Key != nil {
			v.readKeys(ctx, v.steps.Key, o.Err)
		}
	}
}

// unrecorded reports that up would first write the record. One that is there is what all else is judged by.
func (v *status) unrecorded() bool {
	return v.target.Refused.Record == nil && !v.result.Recorded && v.target.Namespace != nil
}

func (v *status) readKeys(ctx context.Context, key *accesskey.Up, observed error) {
	keys := key.Keys
	if observed != nil {
		keys = key.ListedKeys
	}
	infos, err := keys(ctx)
	v.unread(accesskey.Step, err)
	v.mu.Lock()
	defer v.mu.Unlock()
	if m := key.OpenMint(); m != nil {
		v.result.OpenMints = append(v.result.OpenMints, Mint{User: m.UserName, Started: m.Started, Deadline: m.Deadline})
	}
	v.infos = append(v.infos, infos...)
	v.blind = v.blind || observed != nil || err != nil && len(infos) == 0
}

// resource adds to a change whose the resource is.
func (v *status) resource(c plan.Change) Resource {
	o := v.steps.Ownership(c.Step)
	return Resource{Change: c, Ours: o.Ours, Owners: append([]string{}, o.Owners...)}
}
