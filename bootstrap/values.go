package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// ValuesResult is what values found, and the document that -o json prints for it.
type ValuesResult struct {
	Command     string         `json:"command"`
	Account     string         `json:"account"`
	Region      string         `json:"region"`
	Namespace   string         `json:"namespace"`
	Mode        string         `json:"mode"`              // keys, global-user, irsa or irsa+global-user
	Gen3Version string         `json:"gen3Version"`       // of the chart that the values are for
	Served      []string       `json:"servedApiVersions"` // of External Secrets in the cluster, such as v1; empty where it was not asked
	RoleARN     string         `json:"roleArn,omitempty"`
	Secret      string         `json:"secret,omitempty"` // "namespace/name": the one that the chart's SecretStore reads
	Values      map[string]any `json:"values"`           // for helm -f; null on failure
	Warnings    []string       `json:"warnings"`
	Errors      []Problem      `json:"errors"`

	Text string `json:"-"` // the same values as YAML, with comments
}

// Values says which values make the gen3 chart use what up made. A name that is empty in the settings means the one in the
// record. It writes nothing; offline it also asks nobody, and goes by the settings alone.
func Values(ctx context.Context, s Settings, offline bool, env Env) (ValuesResult, error) {
	v := &valuesRun{settings: s, env: env, result: ValuesResult{
		Command: "values", Account: s.Account, Region: s.Region, Namespace: s.Namespace, Gen3Version: s.Gen3Version,
		Served: []string{}, Warnings: []string{}, Errors: []Problem{},
	}}
	look := v.look
	if offline {
		look = v.compute
	}
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("the run took longer than --timeout %s", s.Timeout))
		defer cancel()
	}
	errs := look(ctx)
	if len(errs) == 0 {
		errs = v.write()
	}
	for _, err := range errs {
		v.result.Errors = append(v.result.Errors, problemOf("", err))
	}
	switch {
	case isInterrupt(ctx):
		return v.result, ErrInterrupted
	case len(errs) > 0:
		return v.result, ErrFailed
	}
	return v.result, nil
}

// valuesRun is one execution of values.
type valuesRun struct {
	settings Settings
	env      Env
	fragment fragment
	result   ValuesResult

	target *target
	last   Recorded // what the record says of the last up
}

func (v *valuesRun) warn(format string, args ...any) {
	v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(format, args...))
}

// look asks the record, the cluster and IAM.
func (v *valuesRun) look(ctx context.Context) []error {
	plain := v.settings.named()
	// Neither is needed here: the issuer would be asked for, and an absent namespace is told by its absent record.
	plain.IRSA, plain.SkipHelm, plain.CreateNamespace = false, true, true
	if errs := plain.Check(); len(errs) > 0 {
		return errs
	}
	var errs []error
	if v.target, errs = connect(ctx, plain, v.env); len(errs) > 0 {
		return errs
	}
	v.result.Namespace = v.target.settings.Namespace
	v.result.Warnings = append(v.result.Warnings, v.target.warnings...)
	if err := v.recall(); err != nil {
		return []error{err}
	}
	return together(
		func() error { return v.readServed(ctx) },
		func() error { return v.readChart(ctx) },
		func() error { return v.readRole(ctx) },
		func() error { return v.readSecret(ctx) },
	)
}

// recall takes mode and names from the record, where the flags leave them open.
func (v *valuesRun) recall() error {
	s := v.settings
	record := parseRecorded(v.target.record.Settings())
	if record == nil && !s.IRSA && !s.UseGlobalUser {
		return hint.With(fmt.Errorf("read record: nothing is recorded for namespace %s in cluster %s (context %s)", v.result.Namespace, v.target.kube.Server, v.target.kube.Context),
			"run `gen3-bootstrap up` first; or say with --irsa or --use-global-user what is there; or give everything and --offline")
	}
	if record != nil {
		v.last = *record
	}
	if !s.IRSA && !s.UseGlobalUser {
		s.IRSA, s.UseGlobalUser = v.last.RoleName != "", v.last.GlobalUserSecret != ""
	}
	if v.last.Account != "" && v.last.Account != s.Account {
		v.warn("the last up in namespace %s was for account %s, and --account is %s", v.result.Namespace, v.last.Account, s.Account)
	}
	if v.last.Region != "" && v.last.Region != s.Region {
		v.warn("the last up in namespace %s was for region %s, and these values have secrets read from %s", v.result.Namespace, v.last.Region, s.Region)
	}
	v.fragment = fragment{
		mode: s.modeOf(), namespace: v.result.Namespace, region: s.Region,
		serviceAccount: cmp.Or(s.ServiceAccount, v.last.ServiceAccount, DefaultServiceAccount),
		secret:         cmp.Or(s.GlobalUserSecret, v.last.GlobalUserSecret, DefaultGlobalUserSecret),
	}
	return nil
}

func (v *valuesRun) readServed(ctx context.Context) error {
	external, err := v.target.kube.ExternalSecrets()
	if err == nil {
		v.fragment.served, err = external.ServedVersions(ctx)
	}
	return err //nolint:wrapcheck // it says what it was doing
}

// readChart finds out which chart the values are for: the one given, the installed one, or the newest known.
func (v *valuesRun) readChart(ctx context.Context) error {
	version := v.settings.Gen3Version
	if version == "" {
		found, err := helminstall.FindGen3(ctx, v.target.kube, v.result.Namespace)
		if err != nil {
			return err //nolint:wrapcheck // it names the namespace
		}
		version = NewestGen3
		if found != nil {
			version = found.Version
		}
	}
	var err error
	v.fragment.chart, err = parseGen3(version)
	return err
}

func (v *valuesRun) readRole(ctx context.Context) error {
	if !v.fragment.takesRole() {
		return nil
	}
	name := cmp.Or(v.settings.RoleName, v.last.RoleName, iamsetup.RoleName(v.target.owner()))
	arn, err := v.target.aws.RoleARN(ctx, name)
	switch {
	case errors.Is(err, iamsetup.ErrDenied):
		path := cmp.Or(v.settings.IAMPath, v.last.IAMPath, DefaultIAMPath)
		arn = roleARN(v.target.caller.Partition, v.settings.Account, path, name)
		v.warn("IAM role %s may not be read, so its ARN is put together from its path and name: %s", name, arn)
	case err != nil:
		return err //nolint:wrapcheck // it names the role
	case arn == "":
		return hint.With(fmt.Errorf("get IAM role %s: there is none in account %s", name, v.settings.Account),
			"`gen3-bootstrap up --irsa` makes it; --role-name names another")
	}
	v.fragment.roleARN = arn
	return nil
}

func roleARN(partition, account, path, name string) string {
	return fmt.Sprintf("arn:%s:iam::%s:role%s%s", partition, account, path, name)
}

// readSecret looks whether the Secret that the SecretStore will read is there. Where that may not be asked, nothing is
// said: the values are the same.
func (v *valuesRun) readSecret(ctx context.Context) error {
	if v.fragment.takesRole() {
		return nil
	}
	name := v.fragment.namespace + "/" + ChartSecretName
	v.result.Secret = name
	secrets := &kube.KeySecrets{Client: v.target.kube, Namespace: v.fragment.namespace, Names: []string{ChartSecretName}}
	held, err := secrets.Observe(ctx)
	if err != nil {
		return nil //nolint:nilerr // as said
	}
	if held[0].Key.ID == "" {
		v.warn("Secret %s holds no access key yet, and the gen3 chart's SecretStore reads no other%s", name, v.elsewhere())
	}
	return nil
}

// elsewhere says where the key is instead, if the record knows.
func (v *valuesRun) elsewhere() string {
	if v.fragment.mode == modeGlobalUser && v.fragment.secret != ChartSecretName {
		return "; copy " + v.fragment.inNamespace(v.fragment.secret) + " to it"
	}
	if len(v.last.SecretNames) > 0 && !slices.Contains(v.last.SecretNames, ChartSecretName) {
		return "; run up with --secret-name " + ChartSecretName + " as well"
	}
	return ""
}

// write judges what was found and puts it into the result.
func (v *valuesRun) write() []error {
	f := v.fragment
	v.result.Mode, v.result.Gen3Version, v.result.RoleARN = f.mode, f.chart.String(), f.roleARN
	v.result.Served = append(v.result.Served, f.served...)
	if err := f.check(); err != nil {
		return []error{err}
	}
	if f.chart.unknown() {
		v.warn("gen3 chart %s is newer than the newest known here, %s, and taken to be like it", f.chart, NewestGen3)
	}
	if why := f.chart.misfit(f.served); why != "" && f.chart.apiFor(f.served) == "" {
		v.warn("gen3 chart %s %s, and the cluster serves %s: chart %s %s serves both", f.chart, why, apiList(f.served), helminstall.DefaultChart, helminstall.DefaultVersion)
	}
	text, err := f.text()
	if err != nil {
		return []error{err}
	}
	v.result.Values, v.result.Text = f.values(), text
	return nil
}
