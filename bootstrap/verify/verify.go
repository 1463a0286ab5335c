package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// Options are what only verify asks.
type Options struct {
	Canary string // a secret of Secrets Manager to read; empty: a name that cannot exist
	Strict bool   // a warning is a failure
	Wait   bool   // look again until all is well, or the time is over
}

// Run tries the layers. It fails when one of them does, and under Strict when one is a warning.
func Run(ctx context.Context, s bootstrap.Settings, o Options, env bootstrap.Env) (Result, error) {
	r := &run{options: o, env: env, result: NewResult(s)}
	begun := env.Now()
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	errs := r.connect(limited, s)
	if len(errs) == 0 {
		r.tryUntilGood(limited)
		r.result.Verified = r.verdict() == nil
		if err := r.verdict(); err != nil {
			errs = append(errs, err)
		}
	} else {
		r.result.Errors = r.target.Problems(r.result.Errors, "", errs...)
	}
	if limited.Err() != nil && !bootstrap.IsInterrupt(ctx) && !r.result.Verified {
		r.result.Errors = r.target.Problems(r.result.Errors, "", context.Cause(limited))
	}
	r.result.DurationSeconds = env.Now().Sub(begun).Round(time.Millisecond).Seconds()
	return r.result, bootstrap.Outcome(ctx, errs)
}

// run is one execution.
type run struct {
	options Options
	env     bootstrap.Env
	target  *bootstrap.Target
	result  Result
	pending bool // something may become well by itself
}

// connect fails only where one of both sides cannot be spoken to at all, or is another one than the settings say.
func (r *run) connect(ctx context.Context, s bootstrap.Settings) []error {
	if errs := s.Named().Check(); len(errs) > 0 {
		return errs
	}
	var errs []error
	r.target, errs = bootstrap.Connect(ctx, s, r.env, bootstrap.Wants{Lenient: true})
	t := r.target
	r.result.Account, r.result.Region, r.result.Namespace = t.Settings.Account, t.Settings.Region, t.Settings.Namespace
	r.result.Caller, r.result.NamespaceFrom = t.Caller.ARN, t.NamespaceFrom
	if t.Kube != nil {
		r.result.Cluster = bootstrap.Cluster{Context: t.Kube.Context, Server: t.Kube.Server, ID: t.ClusterID}
	}
	r.result.Partition = t.Caller.Partition
	if len(errs) > 0 {
		return errs
	}
	r.result.Recorded = t.Last != nil
	r.result.Warnings = append(r.result.Warnings, t.TakeRecorded()...)
	if t.Refused.Record != nil {
		r.result.Warnings = append(r.result.Warnings, bootstrap.Warning{Code: "record-unread", Message: "the record of the last up may not be read, so that mode and names are the defaults and the flags': " + t.Refused.Record.Error()})
	}
	r.result.Warnings = append(r.result.Warnings, t.Warnings...)
	r.result.Mode = t.Settings.ModeOf()
	if t.Namespace == nil && t.Refused.Namespace == nil {
		return []error{fmt.Errorf("verify namespace %s: there is none in cluster %s", t.Settings.Namespace, t.Kube.Server)}
	}
	return nil
}

// tryUntilGood tries once, or under Wait again and again.
func (r *run) tryUntilGood(ctx context.Context) {
	if !r.options.Wait {
		r.try(ctx)
		return
	}
	before := ""
	err := r.target.Pace().Until(ctx, r.target.Settings.Timeout, func(ctx context.Context) (bool, error) {
		r.try(ctx)
		if r.verdict() == nil && !r.pending {
			return true, nil
		}
		if text := r.awaited(); text != before {
			before = text
			r.env.Sink.Emit(event.Event{Time: r.env.Now(), Type: event.Waiting, Step: "verify", Message: text})
		}
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) { // the layers say what was not good
		return
	}
}

// try looks at everything anew.
func (r *run) try(ctx context.Context) {
	l := &look{target: r.target, options: r.options, states: map[string]State{}}
	l.observe(ctx)
	layers := l.layers()
	r.pending, r.result.Layers = false, []Layer{}
	walk(ctx, layers, func(name string, f finding) {
		l.states[name] = f.state
		r.pending = r.pending || f.pending
		i := slices.IndexFunc(layers, func(y layer) bool { return y.name == name })
		r.result.Layers = append(r.result.Layers, Layer{
			Name: name, State: f.state, Reason: f.reason, RestsOn: append([]string{}, layers[i].rests...),
			Hints: append([]string{}, f.hints...), Objects: append([]Object{}, f.objects...),
		})
	})
}

// verdict is why the whole is not good.
func (r *run) verdict() error {
	for _, y := range r.result.Layers {
		if y.State == Failed || r.options.Strict && y.State == Warning {
			return fmt.Errorf("verify %s: %s", y.Name, y.Reason)
		}
	}
	return nil
}

// awaited is the first thing that is not good yet.
func (r *run) awaited() string {
	for _, state := range []State{Failed, Warning} {
		for _, y := range r.result.Layers {
			if y.State == state {
				return y.Name + ": " + y.Reason
			}
		}
	}
	return "the operator"
}
