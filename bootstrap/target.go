package bootstrap

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// Target is the account and the cluster of a run, checked against what the operator said.
type Target struct {
	Settings  Settings // with its defaults resolved: the namespace is filled in
	Env       Env
	Aws       *iamsetup.AWS
	Kube      *kube.Client
	Caller    iamsetup.Caller
	ClusterID string
	issuer    string            // of the cluster's tokens; asked for with --irsa only
	Namespace *corev1.Namespace // nil: there is none
	External  *external.Objects // the objects of External Secrets; nil like Kube, where no cluster is asked
	Record    *kube.Record
	Last      *Recorded       // what the record says; nil: there is none
	lease     *kube.LockState // as it was before this run took it; nil: there is none, or it may not be read
	TrustIAM  time.Time       // from then on a NoSuchEntity is final; before, an earlier run may have just made what it is about
	Self      kube.Holder     // this run, as others see it when it holds the lock
	Warnings  []Warning
	// NamespaceFrom says who named the namespace: flag, environment or context.
	NamespaceFrom string
	Refused       Refused

	told map[string]bool // causes that a problem was told of
}

// Wants is what a command needs to know of both sides before it looks at anything.
type Wants struct {
	ToWrite bool   // the namespace, and the issuer with IRSA: what is to be made must be possible there
	Writes  bool   // the command writes, or plans to: a cluster that is elsewhere is refused
	Lenient bool   // what the cluster refuses to show is noted in Target.Refused, and is no failure
	AWSOnly bool   // no cluster is asked
	Gone    string // id of a cluster that does not exist any more: AWS alone is asked
}

// Refused is what a cluster would not show to a command that does without; each nil where it did.
type Refused struct{ ClusterID, Namespace, Record error }

// Connect loads both configurations, asks who and where we are, and compares that with the settings. Nothing is
// written. The errors are everything that is wrong, not only the first; the target is filled as far as that came.
func Connect(ctx context.Context, s Settings, env Env, w Wants) (*Target, []error) {
	s.Timing = s.Timing.WithDefaults()
	t := &Target{Settings: s, Env: env, ClusterID: w.Gone}
	errs := t.connectBoth(ctx, w)
	if len(errs) > 0 {
		return t, errs
	}
	errs = t.compareAccount(w.ToWrite || w.Writes)
	if w.ToWrite {
		errs = append(errs, t.compareNamespace()...)
	}
	return t, errs
}

// connectBoth reaches both sides at the same time. Account and region that nobody gave stand in the record, which is then read before AWS is
// asked; a region of the surroundings counts only where the record has none.
func (t *Target) connectBoth(ctx context.Context, w Wants) []error {
	if t.Settings.Account == "" || t.Settings.Region == "" {
		if err := t.askCluster(ctx, w); err != nil {
			return append(EachOf(err), t.takeTarget()...)
		}
		if errs := t.takeTarget(); len(errs) > 0 {
			return append(t.absent(), errs...)
		}
		return Together(func() error { return t.askAWS(ctx) })
	}
	errs := Together(
		func() error { return t.askAWS(ctx) },
		func() error { return t.askCluster(ctx, w) },
	)
	if len(errs) > 0 {
		return errs
	}
	before := t.Settings.Region
	if errs := t.takeTarget(); len(errs) > 0 || t.Settings.Region == before {
		return errs
	}
	return Together(func() error { return t.askAWS(ctx) })
}

// takeTarget takes account and region from the record where no flag gave them, and judges what is then missing.
func (t *Target) takeTarget() []error {
	if t.Last != nil {
		was := t.Settings.AsRecorded(*t.Last)
		t.Settings.Account, t.Settings.Region = was.Account, was.Region
	}
	var c Checker
	c.Target(t.Settings)
	return c.Problems
}

func (t *Target) askAWS(ctx context.Context) (err error) {
	defer t.Env.tell("aws", "AWS, to say who is signed in")()
	if t.Aws, err = iamsetup.Connect(ctx, t.connection(ctx)); err == nil {
		t.Caller, err = t.Aws.Caller(ctx)
	}
	return err
}

// connection is how AWS is reached and signed in to.
func (t *Target) connection(ctx context.Context) iamsetup.Connection {
	s := t.Settings
	connection := iamsetup.Connection{
		Region: s.Region, Profile: s.Profile, Request: s.Timing.Request, Login: s.Timeout, Log: t.Env.Log, Now: t.Env.Now,
		Endpoint: t.Env.AWSEndpoint, Credentials: t.Env.AWSCredentials, Stderr: t.Env.Stderr,
	}
	if t.Env.Ask != nil {
		connection.Ask = func(prompt string) (string, error) { return t.Env.Ask(ctx, prompt) }
	}
	return connection
}

// askCluster loads the kubeconfig, signs in, and makes the first calls.
func (t *Target) askCluster(ctx context.Context, w Wants) error {
	if w.Gone != "" || w.AWSOnly {
		return nil
	}
	defer t.Env.tell("kubernetes", "the cluster's first answers")()
	if err := t.loadCluster(ctx); err != nil {
		return err
	}
	return errors.Join(Together(t.reads(ctx, w)...)...)
}

// ConnectCluster is Connect for a command that asks no AWS, and no more of the cluster than it reads itself.
func ConnectCluster(ctx context.Context, s Settings, env Env) (*Target, error) {
	s.Timing = s.Timing.WithDefaults()
	t := &Target{Settings: s, Env: env}
	return t, t.loadCluster(ctx)
}

// loadCluster loads the kubeconfig and signs in.
func (t *Target) loadCluster(ctx context.Context) (err error) {
	s := &t.Settings
	t.Kube, err = kube.Load(ctx, kube.Target{
		Kubeconfig: s.Kubeconfig, Context: s.Context, Request: s.Timing.Request, Login: s.Timeout, Terminal: t.Env.Terminal, UserAgent: kube.FieldManager, Log: t.Env.Log, Now: t.Env.Now,
		Waiting: func(message string) {
			t.Env.Sink.Emit(event.Event{Time: t.Env.Now(), Type: event.Waiting, Step: "kubernetes", Message: message})
		},
	})
	if err != nil {
		return err
	}
	if err := t.chooseNamespace(); err != nil {
		return err
	}
	t.Self = kube.Self(kube.FieldManager, t.Env.Now())
	t.Record = &kube.Record{Client: t.Kube, Namespace: s.Namespace}
	t.External, err = external.In(t.Kube)
	return err
}

// reads are the first calls to the cluster.
func (t *Target) reads(ctx context.Context, w Wants) []func() error {
	passing := func(refused *error, read func() error) func() error {
		return func() error {
			err := read()
			if w.Lenient && apierrors.IsForbidden(err) {
				*refused = err
				return nil
			}
			return err
		}
	}
	out := []func() error{
		passing(&t.Refused.ClusterID, func() (err error) { t.ClusterID, err = t.Kube.ClusterID(ctx); return err }),
		passing(&t.Refused.Namespace, func() (err error) { t.Namespace, err = t.Kube.GetNamespace(ctx, t.Settings.Namespace); return err }),
		passing(&t.Refused.Record, func() error { return t.LoadRecord(ctx) }),
		func() error { return t.ReadLease(ctx) },
	}
	if w.ToWrite {
		out = append(out, func() error { return t.AskIssuer(ctx) })
	}
	return out
}

// ReadLease finds out when a run last wrote in the namespace: for a while after that IAM may not show what it made. Who may
// not read the Lease cannot write either, and does without.
func (t *Target) ReadLease(ctx context.Context) (err error) {
	if t.lease, err = t.Kube.LockState(ctx, t.Settings.Namespace, kube.RecordName); t.lease != nil {
		t.WroteAt(t.lease.Renewed)
	}
	return unlessDenied(err)
}

// WroteAt notes until when IAM may lag behind a run that last renewed its lock at that time. The Lease stands in the
// namespace, so that a time to come counts as now: it makes a run wait, and never longer than the usual lag.
func (t *Target) WroteAt(renewed time.Time) {
	now := t.Env.Now()
	if renewed.After(now) {
		renewed = now
	}
	if at := renewed.Add(t.Settings.Timing.Settle); at.After(t.TrustIAM) {
		t.TrustIAM = at
	}
}

// lagging reports whether IAM may not show yet what an earlier run made.
func (t *Target) lagging() bool { return t.Env.Now().Before(t.TrustIAM) }

// Together runs independent reads at the same time and returns their errors in the order given.
func Together(reads ...func() error) []error {
	return slices.DeleteFunc(inOrder(reads...), func(err error) bool { return err == nil })
}

// inOrder runs independent calls at the same time and returns what each came to.
func inOrder(calls ...func() error) []error {
	results := make([]error, len(calls))
	var group sync.WaitGroup
	for i, call := range calls {
		group.Go(func() { results[i] = call() })
	}
	group.Wait()
	return results
}

// Owner is on whose behalf this run makes things.
func (t *Target) Owner() iamsetup.Owner {
	owner := iamsetup.Owner{Cluster: t.ClusterID, Namespace: t.Settings.Namespace}
	if t.Kube != nil {
		owner.Server = t.Kube.Server
	}
	return owner
}

// Account is the one of the run.
func (t *Target) Account() iamsetup.Account {
	return iamsetup.Account{Partition: t.Caller.Partition, ID: t.Settings.Account}
}

// Pace turns the settings' durations into those that IAM is waited for by.
func (t *Target) Pace() iamsetup.Pace {
	timing := t.Settings.Timing
	return iamsetup.Pace{Settle: timing.Settle, Poll: timing.Poll, Mint: timing.MintDeadline, Cleanup: cleanupLimit}
}

// unlessDenied lets a refusal pass, which is no failure of the connection.
func unlessDenied(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
