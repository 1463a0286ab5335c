package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/asoperator"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// CheckOptions are what only check asks.
type CheckOptions struct {
	NamesOnly  bool // no value is read
	AsOperator bool // with the key or the role that the operator has
}

// Check holds what the deployment reads against Secrets Manager. It writes nothing. The error says that something could not be looked at;
// what is wrong with the secrets is in the result alone.
func Check(ctx context.Context, s bootstrap.Settings, ref deployment.Ref, o CheckOptions, env bootstrap.Env) (CheckResult, error) {
	c := &checker{settings: s, ref: ref, options: o, env: env, result: NewCheckResult(s)}
	c.result.AsOperator, c.result.NamesOnly = o.AsOperator, o.NamesOnly
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	errs := c.check(limited)
	if limited.Err() != nil && !bootstrap.IsInterrupt(ctx) {
		errs = []error{context.Cause(limited)}
	}
	c.result.Errors = c.target.Problems(c.result.Errors, "", errs...)
	return c.result, bootstrap.Outcome(ctx, errs)
}

// checker is one execution of check.
type checker struct {
	settings bootstrap.Settings
	ref      deployment.Ref
	options  CheckOptions
	env      bootstrap.Env
	target   *bootstrap.Target
	result   CheckResult

	deployment *deployment.Deployment
	own        *reading.Reader // the caller
	by         *reading.Reader // who is asked first
	names      func() []string // of the secrets that exist, where they may be listed
}

func (c *checker) check(ctx context.Context) []error {
	if errs := c.settings.Named().Check(); len(errs) > 0 {
		return errs
	}
	if errs := c.read(ctx); len(errs) > 0 {
		return errs
	}
	if err := c.signIn(ctx); err != nil {
		return []error{err}
	}
	c.names = sync.OnceValue(func() []string { return c.listNames(ctx) })
	seen, err := c.look(ctx)
	if err != nil {
		return bootstrap.EachOf(err)
	}
	return c.tell(ctx, seen)
}

// read connects, and meanwhile reads the deployment, which from files takes as long.
func (c *checker) read(ctx context.Context) []error {
	var failed []error
	connect := sync.OnceValues(func() (*bootstrap.Target, error) {
		// From files, and without the operator's credentials, there is nothing to ask a cluster.
		offline := c.ref.From() == deployment.Files && !c.options.AsOperator
		c.target, failed = bootstrap.Connect(ctx, c.settings, c.env, bootstrap.Wants{Lenient: true, AWSOnly: offline})
		return c.target, errors.Join(failed...)
	})
	var readErr error
	_ = bootstrap.Together(
		func() error { _, _ = connect(); return nil },
		func() error {
			c.deployment, readErr = deployment.Read(ctx, c.settings, c.ref, func(context.Context) (*bootstrap.Target, error) { return connect() })
			return nil
		},
	)
	c.result.fill(c.deployment)
	c.result.Account, c.result.Region = c.target.Settings.Account, c.target.Settings.Region
	c.result.Warnings = append(append(c.result.Warnings, c.target.Warnings...), c.target.Misses(nil)...)
	c.result.ReadAs = c.target.Caller.ARN
	if len(failed) > 0 && c.ref.From() != deployment.Files { // which is why it could not be read
		return failed
	}
	return append(failed, bootstrap.EachOf(readErr)...)
}

// signIn decides as whom Secrets Manager is read.
func (c *checker) signIn(ctx context.Context) error {
	t := c.target
	c.own = reading.WithOwn(t.Aws)
	c.by = c.own
	if !c.options.AsOperator {
		return nil
	}
	c.result.Warnings = append(c.result.Warnings, t.TakeRecorded()...)
	by, err := asoperator.SignIn(ctx, t)
	c.by, c.result.ReadAs = by.Reader, by.ARN
	return err
}

// listNames are the names of secrets, as who reads, or where that may not as the caller; none where neither may.
func (c *checker) listNames(ctx context.Context) []string {
	names, err := c.by.Names(ctx)
	if err != nil && c.options.AsOperator {
		names, _ = c.own.Names(ctx) // without them there is no advice, and that is all
	}
	return names
}

// seen is what was found out of one secret: by who reads, and with the operator's credentials by the caller as well.
type seen struct{ by, own reading.Answer }

// known is the answer that tells of the secret itself, where one of both may see it.
func (s seen) known() reading.Answer {
	if hidden(s.by) && s.own.State != "" && !hidden(s.own) {
		return s.own
	}
	return s.by
}

// hidden reports that a secret may not be seen.
func hidden(a reading.Answer) bool {
	return a.State == reading.Denied || a.State == reading.KeyDenied
}

// look asks Secrets Manager for all names, as both at the same time.
func (c *checker) look(ctx context.Context) ([]seen, error) {
	var names []string
	for _, q := range c.deployment.Inventory.Requirements {
		names = append(names, q.Name)
	}
	ask := func(r *reading.Reader) ([]reading.Answer, error) {
		if c.options.NamesOnly {
			return r.Look(ctx, names)
		}
		return r.TryAll(ctx, names)
	}
	var by, own []reading.Answer
	errs := bootstrap.Together(
		func() (err error) { by, err = ask(c.by); return err },
		func() (err error) {
			if c.options.AsOperator {
				own, err = ask(c.own)
			}
			return err
		},
	)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := make([]seen, len(names))
	for i, a := range by {
		if a.Credentials() {
			return nil, fmt.Errorf("read secret %s from Secrets Manager: AWS does not take the credentials of %s: %s", a.Name, c.result.ReadAs, a.Says)
		}
		out[i].by = a
		if own != nil {
			out[i].own = own[i]
		}
		// Where a policy is for exact names, AWS may answer for one that nobody has as for one that is denied.
		if a.State == reading.Denied && out[i].own.State == reading.Missing && slices.Contains(c.target.Settings.ReadNames, a.Name) {
			out[i].by = out[i].own
		}
	}
	return out, nil
}

// synced reads the Secrets of Kubernetes that the operator makes, where a cluster is asked at all and shows them.
func (c *checker) synced(ctx context.Context) map[string]map[string]redact.String {
	if c.target.Kube == nil || c.options.NamesOnly {
		return nil
	}
	var names []string
	for _, q := range c.deployment.Inventory.Requirements {
		for _, name := range q.Targets() {
			names = words.AddOnce(names, name)
		}
	}
	api := c.target.Kube.CoreV1().Secrets(c.target.Settings.Namespace)
	held, err := parallel.Map(ctx, names, func(ctx context.Context, name string) (map[string]redact.String, error) {
		secret, err := api.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // told below
		}
		out := map[string]redact.String{}
		for key, value := range secret.Data {
			out[key] = redact.New(string(value))
		}
		return out, nil
	})
	if err != nil {
		c.result.Warnings = append(c.result.Warnings, bootstrap.Warning{Code: "secrets-unread", Message: fmt.Sprintf("Secrets in namespace %s may not be read, and are not compared with Secrets Manager: %s", c.target.Settings.Namespace, words.Brief(err.Error()))})
		return nil
	}
	out := map[string]map[string]redact.String{}
	for i, name := range names {
		if held[i] != nil {
			out[name] = held[i]
		}
	}
	return out
}

// denied are the secrets that the caller may not read, so that nothing is known of them.
func (c *checker) denied(all []seen) error {
	var names []string
	var says string
	for _, s := range all {
		if hidden(s.by) {
			names, says = append(names, s.by.Name), s.by.Says
		}
	}
	if c.options.AsOperator || len(names) == 0 {
		return nil
	}
	rights := "secretsmanager:GetSecretValue on them, and kms:Decrypt on the KMS key of each that has one"
	if c.options.NamesOnly {
		rights = "secretsmanager:DescribeSecret on them"
	}
	slices.Sort(names)
	return hint.With(fmt.Errorf("look at %s: %s may not: %s", words.Few(names), c.result.ReadAs, says), "it needs "+rights, "--as-operator looks with the operator's own rights")
}
