package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// prepare is everything before the first write: settings, account, cluster, observation, permissions. It reports
// whether there is something to do.
func (r *Run) prepare(ctx context.Context) (bool, error) {
	errs := append(r.Settings.Named().Check(), r.readInputs(ctx)...)
	if len(errs) > 0 {
		return false, r.Fail("", errs...)
	}
	r.Target, errs = Connect(ctx, r.Settings, r.Env, Wants{ToWrite: true})
	r.DescribeTarget()
	if len(errs) > 0 {
		return false, r.Fail("", errs...)
	}
	r.wished = r.Settings
	r.Target.Settings = r.Target.settled(r.wished, r.rotation != nil)
	r.Settings = r.Target.Settings
	if errs := r.Settings.idle(); len(errs) > 0 && r.rotation == nil {
		return false, r.Fail("", errs...)
	}
	r.tellOfNames()
	r.readElsewhere(ctx)
	if err := r.assemble(); err != nil {
		return false, r.Fail("", err)
	}
	if r.steps.Release != nil && r.command == "up" {
		r.steps.Release.shared.lock = &ReleaseLock{Run: r}
	}
	pending, err := r.observe(ctx)
	if r.blind {
		return false, err
	}
	if pending {
		err = errors.Join(err, r.mayWrite(ctx))
	}
	if pending && r.command == "plan" {
		r.simulate(ctx)
	}
	if err != nil {
		return false, ErrFailed
	}
	return pending, nil
}

// assemble makes the steps of the command.
func (r *Run) assemble() (err error) {
	if r.rotation == nil {
		r.steps = r.Target.Assemble(r.Lock)
		return nil
	}
	r.steps, err = r.Target.assembleRotation(r.Lock, *r.rotation)
	return err
}

// readInputs reads the files that the settings name, once for the whole run.
func (r *Run) readInputs(ctx context.Context) (errs []error) {
	if !r.Settings.SkipHelm {
		r.Settings.Helm, errs = helminstall.ReadInputs(ctx, r.Settings.Helm)
	}
	return append(errs, r.readNames(ctx)...)
}

// readNames finds out which names the policy is to be for. That takes a render of the gen3 chart, and happens before anything is asked or
// written.
func (r *Run) readNames(ctx context.Context) []error {
	s := &r.Settings
	switch {
	case r.rotation != nil:
		return nil
	case !s.NamesFromValues && len(s.Gen3Values) > 0 && s.Given[flagNames] == "":
		r.nameWarnings = []string{"-f does nothing without --secret-names-from-values: the values of the operator's own chart are given with --values"}
		return nil
	case !s.NamesFromValues:
		return nil
	}
	if s.Gen3Version == "" && !render.OnDisk(s.Gen3Chart) {
		return []error{hint.With(errors.New("--secret-names-from-values needs the version of the gen3 chart: another one may read other names"),
			"give --gen3-version, or the chart itself as --gen3-chart DIRECTORY or FILE.tgz")}
	}
	names, err := gen3.NamesOf(ctx, gen3.Deployment{
		Values: s.Gen3Values, Chart: s.Gen3Chart, Version: s.Gen3Version,
		Options: render.Options{Release: cmp.Or(s.Gen3ReleaseName, render.DefaultRelease), Namespace: cmp.Or(s.Namespace, "default")},
	})
	if err != nil {
		return EachOf(err)
	}
	s.ReadNames, s.PushNames, r.nameWarnings = names.Read, names.Pushed, names.Warnings
	return nil
}

// tellOfNames warns where the names that were found, and what else is set, do not go together.
func (r *Run) tellOfNames() {
	s := r.Settings
	switch {
	case !s.NamesFromValues:
	case !s.usesPolicy():
	case s.AllowPush && len(s.PushNames)+len(s.SecretPrefixes) == 0:
		r.nameWarnings = append(r.nameWarnings, "--allow-push lets nothing be written: with these values the gen3 chart has no PushSecret")
	case !s.AllowPush && len(s.PushNames) > 0:
		r.nameWarnings = append(r.nameWarnings, fmt.Sprintf("with these values the gen3 chart pushes %s, and the operator may write no secret: --allow-push lets it", words.Few(s.PushNames)))
	}
}

// sameSettings fails where another run, which ended before this one had the lock, recorded settings that this one would go by.
func (r *Run) sameSettings() error {
	var now, then Recorded
	now.keep(r.Target.settled(r.wished, r.rotation != nil))
	then.keep(r.Target.Settings)
	var names []string
	for _, f := range now.changes(then) {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("read record ConfigMap %s/%s: another run changed %s meanwhile", r.Target.Settings.Namespace, kube.RecordName, strings.Join(names, ", ")),
		"run the same command again, which goes by what is recorded now")
}

// readElsewhere warns of ExternalSecrets in the namespace that read what the policy will not allow: others than the gen3 chart's, or those of
// values that are not rolled out yet. Where they may not be listed nothing is said.
func (r *Run) readElsewhere(ctx context.Context) {
	s := r.Target.Settings
	if !s.NamesFromValues || len(s.ReadNames) == 0 || r.Target.Namespace == nil {
		return
	}
	found, err := r.Target.External.List(ctx, s.Namespace)
	if err != nil {
		return
	}
	var others []string
	for _, o := range found.Objects {
		for _, read := range o.Reads {
			begins := func(prefix string) bool { return strings.HasPrefix(read.Name, prefix) }
			if o.Namespace == s.Namespace && read.Name != "" && !slices.Contains(s.ReadNames, read.Name) && !slices.ContainsFunc(s.SecretPrefixes, begins) {
				others = words.AddOnce(others, fmt.Sprintf("%s (%s)", read.Name, o.Name))
			}
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		r.nameWarnings = append(r.nameWarnings, "ExternalSecrets in the namespace read what these values do not, and the policy will not allow it: "+words.Few(others))
	}
}

// DescribeTarget enters into the result which account and cluster these are.
func (r *Run) DescribeTarget() {
	t := r.Target
	r.Settings.Account, r.Settings.Region = t.Settings.Account, t.Settings.Region
	r.Result.Account, r.Result.Region, r.Result.Partition = t.Settings.Account, t.Settings.Region, t.Caller.Partition
	r.Result.Caller, r.Result.NamespaceFrom = t.Caller.ARN, t.NamespaceFrom
	r.Result.Namespace = t.Settings.Namespace
	r.Result.Cluster.ID = t.ClusterID
	if t.Kube != nil {
		r.Result.Cluster.Context, r.Result.Cluster.Server = t.Kube.Context, t.Kube.Server
	}
	r.Result.Warnings = append(r.Result.Warnings, t.Warnings...)
}

func (r *Run) engine() *Engine {
	return &Engine{Nodes: r.steps.Nodes, Beside: r.steps.Left.Look, Sink: r.Env.Sink, Now: r.Env.Now}
}

// observe asks the steps and refuses the run if one of them could not answer or is blocked.
func (r *Run) observe(ctx context.Context) (pending bool, err error) {
	r.Result.Changes = []plan.Change{}
	seen := r.look(ctx)
	if agreed, err := r.askAboutKeys(ctx); err != nil {
		return false, r.Fail(accesskey.Step, err)
	} else if agreed {
		seen = r.look(ctx)
	}
	for _, o := range seen {
		if o.Err != nil {
			r.blind, err = true, r.Fail(o.Step, o.Err)
		}
		r.Result.Changes = append(r.Result.Changes, o.Changes...)
	}
	if r.rotation == nil {
		r.Result.Changes = r.Target.Doubted(r.steps, r.Result.Changes)
	}
	r.collectWarnings()
	for _, blocked := range plan.BlockedIn(r.Result.Changes) {
		err = r.Fail(blocked.Step, hint.Blocked(blocked))
	}
	r.Result.Changed = plan.Pending(r.Result.Changes)
	return r.Result.Changed, err
}

// look asks the steps anew: those of the user and its key share what they read of it.
func (r *Run) look(ctx context.Context) []observation {
	if key := r.steps.Key; key != nil {
		key.Lookup.Forget()
	}
	return r.engine().Observe(ctx)
}

func (r *Run) collectWarnings() {
	r.Result.Warnings = append(Warned("names-from-values", r.nameWarnings...), r.Target.Warnings...)
	r.Result.Warnings = append(r.Result.Warnings, r.steps.Warnings()...)
}

// mayWrite asks the cluster whether the caller may do what the run is about to do, and whether it would be taken.
func (r *Run) mayWrite(ctx context.Context) error {
	pending := map[string]bool{}
	for _, c := range r.Result.Changes {
		if c.Action != plan.None {
			pending[c.Step] = true
		}
	}
	var denied, unasked error
	var refused []plan.Change
	_ = inOrder(
		func() error { denied = r.MayDo(ctx, r.steps.permissions(pending)); return nil },
		func() error { refused, unasked = r.rehearse(ctx); return nil },
	)
	if denied != nil { // it says more than what the API server refused thereby
		refused = slices.DeleteFunc(refused, refusal.OfRights)
	}
	return errors.Join(denied, r.block(refused, unasked))
}

// TakeLock makes this the one run that writes in the namespace.
func (r *Run) TakeLock(ctx context.Context) (*kube.Held, error) {
	return r.lockAt(RecordStep, r.Target.Settings.Namespace, kube.RecordName, r.Settings.LockTimeout).Acquire(ctx)
}

func (r *Run) waiting(step, message string) {
	r.Env.Sink.Emit(event.Event{Time: r.Env.Now(), Type: event.Waiting, Step: step, Message: message})
}

// lockAt is a lock that this run may take for a step.
func (r *Run) lockAt(step, namespace, name string, patience time.Duration) *kube.Lock {
	self := r.Target.Self
	self.Command += " " + r.command
	return &kube.Lock{
		Client: r.Target.Kube, Namespace: namespace, Name: name, Self: self, Now: r.Env.Now,
		Duration: r.Target.Settings.Timing.Lease, Patience: patience,
		Waiting: func(h kube.Holder, left time.Duration) {
			r.waiting(step, fmt.Sprintf("the lock %s/%s, held by %s; its Lease ends in %s unless it is renewed", namespace, name, h, left))
		},
	}
}
