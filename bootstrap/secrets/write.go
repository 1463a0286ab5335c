package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// WriteOptions are what the commands are asked for that write to Secrets Manager.
type WriteOptions struct {
	writing.Options

	DryRun bool
}

// writer is one execution of such a command: connect, then plan, then write.
type writer struct {
	*bootstrap.Run

	options WriteOptions
	up      *writing.Up
	hearsay string   // the place in the cluster that names what is written; "" where the operator's own files do
	named   []string // what the operator named for this run, beside --only
}

// from notes where the names come from.
func (w *writer) from(d *deployment.Deployment) {
	switch d.Source {
	case deployment.Release:
		w.hearsay = "release " + d.Release + " in namespace " + d.Namespace
	case deployment.Live:
		w.hearsay = "the objects in namespace " + d.Namespace
	}
}

func newWriter(command string, s bootstrap.Settings, o WriteOptions, env bootstrap.Env) *writer {
	s.SkipHelm = true
	return &writer{Run: bootstrap.NewRun(command, s, env), options: o}
}

// connect reaches both sides and checks them against the settings.
func (w *writer) connect(ctx context.Context) error {
	if errs := w.Settings.Named().Check(); len(errs) > 0 {
		return w.Fail("", errs...)
	}
	var errs []error
	w.Target, errs = bootstrap.Connect(ctx, w.Settings, w.Env, bootstrap.Wants{Writes: true})
	w.DescribeTarget()
	if len(errs) > 0 {
		return w.Fail("", errs...)
	}
	if w.Target.Namespace == nil {
		return w.Fail("", hint.With(fmt.Errorf("check namespace: there is no namespace %s in cluster %s (context %s)", w.Target.Settings.Namespace, w.Target.Kube.Server, w.Target.Kube.Context),
			"-n names another one"))
	}
	return nil
}

// plan looks at what the items would be written to. Changes that are known without looking, such as what is blocked already, are told
// with them. It reports whether there is something to do; an error is in the result.
func (w *writer) plan(ctx context.Context, items []writing.Item, known []plan.Change) (pending bool, err error) {
	owner := w.Target.Owner()
	w.up = &writing.Up{
		AWS: w.Target.Aws, Owner: owner, Marks: w.Target.Marks(), Items: items, Options: w.options.Options, Guard: w.Lock.Check, Now: w.Env.Now,
	}
	changes, err := w.up.Observe(ctx)
	if err != nil {
		return false, w.Fail(writing.Step, err)
	}
	w.Result.Changes = append(append([]plan.Change{}, known...), changes...)
	slices.SortStableFunc(w.Result.Changes, func(a, b plan.Change) int { return strings.Compare(a.Resource.Name, b.Resource.Name) })
	for _, c := range plan.BlockedIn(w.Result.Changes) {
		err = w.Fail(c.Step, hint.Blocked(c))
	}
	w.misses()
	pending = plan.Pending(w.Result.Changes)
	w.Result.Changed = pending && w.options.DryRun && err == nil
	return pending, err
}

// misses warns of what is written for an operator that will not read it.
func (w *writer) misses() {
	var names []string
	created := false
	for _, c := range w.Result.Changes {
		if c.Action != plan.None {
			names, created = append(names, c.Resource.Name), created || c.Action == plan.Create
		}
	}
	if len(names) > 0 {
		w.Result.Warnings = append(w.Result.Warnings, w.Target.Misses(names)...)
	}
	if last, key := w.Target.Last, w.options.KMSKey; last != nil && created && key != "" && !slices.Contains(last.KMSKeys, key) {
		w.Result.Warnings = append(w.Result.Warnings, bootstrap.Warning{Code: "operator-cannot-decrypt", Message: fmt.Sprintf("the policy of the last up in namespace %s does not let the operator decrypt with %s: %s allows it",
			w.Target.Settings.Namespace, key, w.Settings.Invocation().Command("up", "--kms-key", key))})
	}
}

// write asks, and writes what was planned, as the one run that does so in the namespace. What is written is what the plan showed: each
// secret is looked at again right before.
func (w *writer) write(ctx context.Context) error {
	var needs bootstrap.Needs
	needs.AddLock(w.Target.Settings.Namespace, kube.RecordName)
	if err := w.MayDo(ctx, needs); err != nil {
		return err
	}
	if err := w.confirm(ctx); err != nil {
		return w.Fail("", err)
	}
	held, err := w.TakeLock(ctx)
	if err != nil {
		return w.Fail("", err)
	}
	defer held.Release()
	w.Lock.Ask = held.Check
	return w.apply(held.Context()) //nolint:contextcheck // the lock's context is derived from ctx
}

func (w *writer) apply(ctx context.Context) error {
	steps := []string{writing.Step}
	progress := bootstrap.NewProgress(w.Env.Sink, w.Env.Now, steps)
	err := progress.Run(ctx, writing.Step, func(sink event.Sink) error { return w.up.Apply(ctx, sink) })
	changed := progress.Changes(steps)
	for _, c := range w.Result.Changes {
		if c.Action == plan.None {
			changed = append(changed, c)
		}
	}
	w.Result.Changed = plan.Pending(changed)
	slices.SortStableFunc(changed, func(a, b plan.Change) int { return strings.Compare(a.Resource.Name, b.Resource.Name) })
	w.Result.Changes = changed
	if err != nil {
		return w.Fail(writing.Step, err)
	}
	return nil
}

// confirm asks the person at the terminal.
func (w *writer) confirm(ctx context.Context) error {
	what := "confirm " + w.Result.Command
	if w.Settings.Yes {
		return w.mayGoUnseen(what)
	}
	if w.Env.Confirm == nil {
		return hint.With(errors.New(what+": there is no terminal to ask at"), "--yes goes on without asking; --dry-run says what would be written")
	}
	n := len(w.Result.Changes) - plan.Count(w.Result.Changes).None
	q := bootstrap.Question{
		Plan: &w.Result, Want: "yes",
		Asks: fmt.Sprintf("write %s to Secrets Manager in region %s of account %s", words.Counted(n, "secret"), w.Settings.Region, w.Settings.Account),
	}
	if w.hearsay != "" {
		q.Asks += ", by what " + w.hearsay + " says"
	}
	yes, err := w.Env.Confirm(ctx, q)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case !yes:
		w.Result.Cancelled = true
		return hint.Coded(errors.New(w.Result.Command+" cancelled: nothing was written"), "cancelled")
	}
	return nil
}

// mayGoUnseen refuses to write under names that nobody looks at, and that whoever may write in the namespace can have put there: they
// could be those of another deployment.
func (w *writer) mayGoUnseen(what string) error {
	if w.hearsay == "" {
		return nil
	}
	var names []string
	for _, c := range w.Result.Changes {
		if c.Action != plan.None && !slices.Contains(w.options.Only, c.Resource.Name) && !slices.Contains(w.named, c.Resource.Name) {
			names = append(names, c.Resource.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("%s: --yes would write %s unseen, by what %s says, which others may have changed", what, words.Few(names), w.hearsay),
		"give the deployment's values files with -f, or name what is to be written with --only; --dry-run shows it")
}
