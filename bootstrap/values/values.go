package values

import (
	"context"
	"fmt"
	"sync"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Result is what values found, and the document that -o json prints for it.
type Result struct {
	Command     string              `json:"command"`
	Account     string              `json:"account"`
	Region      string              `json:"region"`
	Namespace   string              `json:"namespace"`
	Mode        string              `json:"mode"`              // keys, global-user, irsa or irsa+global-user
	Gen3Version string              `json:"gen3Version"`       // of the chart that the values are for
	Served      []string            `json:"servedApiVersions"` // of External Secrets in the cluster, such as v1; empty where it was not asked
	RoleARN     string              `json:"roleArn,omitempty"`
	Secret      string              `json:"secret,omitempty"` // "namespace/name": the one that the chart's SecretStore reads
	Values      map[string]any      `json:"values"`           // for helm -f; null on failure
	Proof       *Proof              `json:"proof,omitempty"`  // absent where nothing was asked for that needs a render
	Warnings    []bootstrap.Warning `json:"warnings"`
	Errors      []bootstrap.Problem `json:"errors"`

	Text string `json:"-"` // the same values as YAML, with comments
}

// NewResult is the document of a run that has found nothing yet.
func NewResult(s bootstrap.Settings) Result {
	return Result{
		Command: "values", Account: s.Account, Region: s.Region, Namespace: s.Namespace, Gen3Version: s.Gen3Version,
		Served: []string{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{},
	}
}

// Run says which values make the gen3 chart use what up made. A name that is empty in the settings means the one in the
// record. It writes nothing; offline it also asks nobody, and goes by the settings alone. What is wished for beside that is proved by a
// render of the chart with the operator's values files.
func Run(ctx context.Context, s bootstrap.Settings, o Options, env bootstrap.Env) (Result, error) {
	v := &valuesRun{settings: s, options: o, env: env, result: NewResult(s)}
	look := v.look
	if o.Offline {
		look = v.compute
	}
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	errs := look(limited)
	if len(errs) == 0 {
		errs = v.write()
	}
	v.result.Errors = v.target.Problems(v.result.Errors, "", errs...)
	return v.result, bootstrap.Outcome(ctx, errs)
}

// valuesRun is one execution of values.
type valuesRun struct {
	settings bootstrap.Settings
	options  Options
	env      bootstrap.Env
	fragment signing
	chart    *render.Chart  // where something is to be proved
	files    map[string]any // the operator's values
	result   Result

	target *bootstrap.Target
	last   bootstrap.Recorded // what the record says of the last up
	role   string             // the role's name as a flag gave it

	warning sync.Mutex // the reads run at the same time
}

func (v *valuesRun) warn(format string, args ...any) {
	v.warning.Lock()
	defer v.warning.Unlock()
	v.result.Warnings = append(v.result.Warnings, bootstrap.Warning{Code: "values-note", Message: fmt.Sprintf(format, args...)})
}

// look asks the record, the cluster and IAM.
func (v *valuesRun) look(ctx context.Context) []error {
	plain := v.settings.Named()
	plain.SkipHelm = true
	errs := append(plain.Check(), v.checkWish()...)
	if len(errs) > 0 {
		return errs
	}
	v.target, errs = bootstrap.Connect(ctx, plain, v.env, bootstrap.Wants{})
	v.settings.Account, v.settings.Region = v.target.Settings.Account, v.target.Settings.Region
	v.result.Account, v.result.Region, v.result.Namespace = v.settings.Account, v.settings.Region, v.target.Settings.Namespace
	if len(errs) > 0 {
		return errs
	}
	v.result.Warnings = append(v.result.Warnings, v.target.Warnings...)
	if err := v.recall(); err != nil {
		return []error{err}
	}
	return bootstrap.Together(
		func() error { return v.readServed(ctx) },
		func() error { return v.readChart(ctx) },
		func() error { return v.readRole(ctx) },
		func() error { return v.readSecret(ctx) },
	)
}

// recall takes mode and names from the record, where the flags leave them open.
func (v *valuesRun) recall() error {
	s := v.settings
	record := v.target.Last
	if record == nil && !s.IRSA && !s.UseGlobalUser {
		return hint.With(fmt.Errorf("read record: nothing is recorded for namespace %s in cluster %s (context %s)", v.result.Namespace, v.target.Kube.Server, v.target.Kube.Context),
			"run `gen3-bootstrap up` first; or say with --irsa or --use-global-user what is there; or give everything and --offline")
	}
	if record != nil {
		v.last = *record
	}
	v.role = s.RoleName
	s = s.AsRecorded(v.last).Named()
	v.settings = s
	if v.last.Account != "" && v.last.Account != s.Account {
		v.warn("the last up in namespace %s was for account %s, and --account is %s", v.result.Namespace, v.last.Account, s.Account)
	}
	if v.last.Region != "" && v.last.Region != s.Region {
		v.warn("the last up in namespace %s was for region %s, and these values have secrets read from %s", v.result.Namespace, v.last.Region, s.Region)
	}
	v.fragment = signing{
		mode: s.ModeOf(), namespace: v.result.Namespace, region: s.Region,
		serviceAccount: s.ServiceAccount,
		secret:         s.GlobalUserSecret,
	}
	return nil
}

// write judges what was found and puts it into the result.
func (v *valuesRun) write() []error {
	f := v.fragment
	v.result.Mode, v.result.Gen3Version, v.result.RoleARN = f.mode, f.chart.String(), f.roleARN
	v.result.Served = append(v.result.Served, f.served...)
	if err := f.check(); err != nil {
		return []error{err}
	}
	if f.chart.Unknown() {
		v.warn("gen3 chart %s is newer than the newest known here, %s, and taken to be like it", f.chart, gen3.Newest)
	}
	if why := f.chart.Misfit(f.served); why != "" && f.chart.APIFor(f.served) == "" {
		return []error{hint.With(fmt.Errorf("gen3 chart %s %s, and the cluster serves %s", f.chart, why, gen3.APIList(f.served)),
			fmt.Sprintf("chart %s %s serves both; newer gen3 charts take the one that is served", chartsource.DefaultChart, chartsource.DefaultVersion))}
	}
	if err := v.prove(); err != nil {
		return bootstrap.EachOf(err)
	}
	f = v.fragment
	text, err := f.text()
	if err != nil {
		return []error{err}
	}
	v.result.Values, v.result.Text = f.values(), text
	return nil
}
