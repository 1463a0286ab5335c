package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// target is the account and the cluster of a run, checked against what the operator said.
type target struct {
	settings  Settings // with its defaults resolved: the namespace is filled in
	env       Env
	aws       *iamsetup.AWS
	kube      *kube.Client
	caller    iamsetup.Caller
	clusterID string
	issuer    string            // of the cluster's tokens; asked for with --irsa only
	namespace *corev1.Namespace // nil: there is none
	record    *kube.Record
	last      *Recorded       // what the record says; nil: there is none
	lease     *kube.LockState // as it was before this run took it; nil: there is none, or it may not be read
	trustIAM  time.Time       // from then on a NoSuchEntity is final; before, an earlier run may have just made what it is about
	self      kube.Holder     // this run, as others see it when it holds the lock
	warnings  []string
}

// connect loads both configurations, asks who and where we are, and compares that with the settings. Nothing is
// written. The errors are everything that is wrong, not only the first.
func connect(ctx context.Context, s Settings, env Env) (*target, []error) {
	s.Timing = s.Timing.withDefaults()
	t := &target{settings: s, env: env}
	if errs := t.load(ctx); len(errs) > 0 {
		return t, errs
	}
	t.self = kube.Self(kube.FieldManager, env.Now())
	if errs := t.ask(ctx, t.askIssuer); len(errs) > 0 {
		return t, errs
	}
	return t, t.compare()
}

func (t *target) load(ctx context.Context) []error {
	s := &t.settings
	var errs []error
	var err error
	t.kube, err = kube.Load(kube.Target{Kubeconfig: s.Kubeconfig, Context: s.Context, Request: s.Timing.Request, UserAgent: kube.FieldManager})
	if err != nil {
		errs = append(errs, err)
	} else if s.Namespace == "" {
		s.Namespace = t.kube.Namespace
	}
	if err := t.loadAWS(ctx); err != nil {
		errs = append(errs, err)
	}
	return errs
}

func (t *target) loadAWS(ctx context.Context) (err error) {
	s := t.settings
	t.aws, err = iamsetup.Connect(ctx, iamsetup.Connection{
		Region: s.Region, Profile: s.Profile, Request: s.Timing.Request, Log: t.env.Log, Now: t.env.Now,
		Endpoint: t.env.AWSEndpoint, Credentials: t.env.AWSCredentials,
	})
	return err // it says what it was doing
}

// ask makes the first calls to both sides, all at the same time, with what else the command needs to know.
func (t *target) ask(ctx context.Context, more ...func(context.Context) error) []error {
	t.record = &kube.Record{Client: t.kube, Namespace: t.settings.Namespace}
	reads := []func() error{
		func() (err error) { t.caller, err = t.aws.Caller(ctx); return err },
		func() (err error) { t.clusterID, err = t.kube.ClusterID(ctx); return err },
		func() (err error) { t.namespace, err = t.kube.GetNamespace(ctx, t.settings.Namespace); return err },
		func() error { return t.loadRecord(ctx) },
		func() error { return t.readLease(ctx) },
	}
	for _, read := range more {
		reads = append(reads, func() error { return read(ctx) })
	}
	return together(reads...)
}

// readLease finds out when a run last wrote in the namespace: for a while after that IAM may not show what it made. Who may
// not read the Lease cannot write either, and does without.
func (t *target) readLease(ctx context.Context) (err error) {
	if t.lease, err = t.kube.LockState(ctx, t.settings.Namespace, kube.RecordName); t.lease != nil {
		t.wroteAt(t.lease.Renewed)
	}
	return unlessDenied(err) // it names the Lease
}

// wroteAt notes until when IAM may lag behind a run that last renewed its lock at that time. The Lease stands in the
// namespace, so that a time to come counts as now: it makes a run wait, and never longer than the usual lag.
func (t *target) wroteAt(renewed time.Time) {
	now := t.env.Now()
	if renewed.After(now) {
		renewed = now
	}
	if at := renewed.Add(t.settings.Timing.Settle); at.After(t.trustIAM) {
		t.trustIAM = at
	}
}

// lagging reports whether IAM may not show yet what an earlier run made.
func (t *target) lagging() bool { return t.env.Now().Before(t.trustIAM) }

// together runs independent reads at the same time and returns their errors in the order given. One cause that makes
// several of them fail is reported once.
func together(reads ...func() error) []error {
	results := make([]chan error, len(reads))
	for i, read := range reads {
		results[i] = make(chan error, 1)
		go func() { results[i] <- read() }()
	}
	var errs []error
	hints := map[string]bool{}
	for _, result := range results {
		err := <-result
		if err == nil {
			continue
		}
		if h := hint.Of(err); h == "" || !hints[h] {
			errs = append(errs, err)
			hints[h] = true
		}
	}
	return errs
}

// compare says what contradicts the settings.
func (t *target) compare() []error {
	return append(t.compareAccount(), t.compareNamespace()...)
}

func (t *target) compareAccount() []error {
	s, c := t.settings, t.caller
	var errs []error
	if c.Account != s.Account {
		errs = append(errs, hint.With(fmt.Errorf("check account: the AWS credentials belong to account %s (%s), and --account says %s", c.Account, c.ARN, s.Account),
			"choose other credentials with --profile or AWS_PROFILE, or correct --account"))
	}
	if !iamsetup.RegionIn(s.Region, c.Partition) {
		errs = append(errs, hint.With(fmt.Errorf("check region: %s is not a region of partition %s, to which the AWS credentials belong (%s)", s.Region, c.Partition, c.ARN),
			"correct --region, or choose other credentials with --profile"))
	}
	for _, arn := range append(s.KMSKeys, s.PermissionsBoundary) {
		if arn != "" && !strings.HasPrefix(arn, "arn:"+c.Partition+":") {
			errs = append(errs, fmt.Errorf("check %s: it is not of partition %s, to which the AWS credentials belong", arn, c.Partition))
		}
	}
	if t.kube != nil {
		t.warnings = append(t.warnings, clusterWarnings(t.kube.Context, t.kube.Server, s.Region, s.Account)...)
	}
	return errs
}

// compareNamespace says why nothing can be made in the namespace.
func (t *target) compareNamespace() []error {
	s := t.settings
	var errs []error
	if !s.SkipHelm && s.Helm.Namespace == s.Namespace {
		t.warnings = append(t.warnings, fmt.Sprintf("the operator's release is in namespace %s, beside Gen3: whoever may edit that namespace can run pods with "+
			"the operator's rights in the whole cluster; --release-namespace names another one", s.Namespace))
	}
	if t.namespace == nil && !s.CreateNamespace {
		errs = append(errs, hint.With(fmt.Errorf("check namespace: there is no namespace %s in cluster %s (context %s)", s.Namespace, t.kube.Server, t.kube.Context),
			"--create-namespace makes it; -n names another one"))
	}
	if t.namespace != nil && t.namespace.DeletionTimestamp != nil {
		errs = append(errs, hint.With(fmt.Errorf("check namespace: %s is being deleted", s.Namespace), "wait until it is gone"))
	}
	return errs
}

var (
	// eksServer is the endpoint of an EKS cluster: https://<id>.<shard>.<region>.eks.amazonaws.com.
	eksServer = regexp.MustCompile(`^https://[0-9A-Fa-f]+\.[a-z0-9]+\.([a-z0-9-]+)\.eks\.amazonaws\.com`)
	// eksContext is what `aws eks update-kubeconfig` calls a context: the cluster's ARN.
	eksContext = regexp.MustCompile(`^arn:[a-z-]+:eks:([a-z0-9-]+):(\d{12}):cluster/`)
)

// clusterWarnings tells when the cluster seems to live elsewhere than the account and region that were given: that is
// legal, and more often a slip.
func clusterWarnings(context, server, region, account string) []string {
	var out []string
	where := ""
	if m := eksServer.FindStringSubmatch(server); m != nil {
		where = m[1]
	}
	if m := eksContext.FindStringSubmatch(context); m != nil {
		where = m[1]
		if m[2] != account {
			out = append(out, fmt.Sprintf("kube context %s is a cluster of account %s, and --account is %s", context, m[2], account))
		}
	}
	if where != "" && where != region {
		out = append(out, fmt.Sprintf("kube context %s is a cluster in region %s, and --region is %s: secrets will be read from %s", context, where, region, region))
	}
	return out
}

// owner is on whose behalf this run makes things.
func (t *target) owner() iamsetup.Owner {
	return iamsetup.Owner{Cluster: t.clusterID, Namespace: t.settings.Namespace, Server: t.kube.Server}
}

// account is the one of the run.
func (t *target) account() iamsetup.Account {
	return iamsetup.Account{Partition: t.caller.Partition, ID: t.settings.Account}
}

// pace turns the settings' durations into those that IAM is waited for by.
func (t *target) pace() iamsetup.Pace {
	timing := t.settings.Timing
	return iamsetup.Pace{Settle: timing.Settle, Poll: timing.Poll, Mint: timing.MintDeadline, Cleanup: cleanupLimit}
}

// cleanupLimit bounds what a run still does after it was interrupted.
const cleanupLimit = 30 * time.Second

// isInterrupt reports that the run ended since its context did, by a signal and not by a timeout.
func isInterrupt(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// unlessDenied lets a refusal pass, which is no failure of the connection.
func unlessDenied(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
