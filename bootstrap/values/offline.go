package values

import (
	"cmp"
	"context"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// compute fills the fragment from the settings alone, and says everything that they lack.
func (v *valuesRun) compute(ctx context.Context) []error {
	s := v.settings.Named()
	v.fragment = signing{
		mode: s.ModeOf(), namespace: s.Namespace, region: s.Region, serviceAccount: s.ServiceAccount, secret: s.GlobalUserSecret,
	}
	errs := append(v.lacking(s), v.checkWish()...)
	var err error
	if v.fragment.chart, err = gen3.Given(cmp.Or(s.Gen3Version, gen3.Newest)); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		if err = v.load(ctx, v.fragment.chart.String()); err == nil {
			v.fragment.chart, err = v.chartVersion("")
		}
		if err != nil {
			errs = append(errs, bootstrap.EachOf(err)...)
		}
	}
	if v.fragment.takesRole() {
		v.fragment.roleARN = iamsetup.Account{Partition: iamsetup.PartitionOf(s.Region), ID: s.Account}.RoleARN(s.IAMPath, s.RoleName)
	} else {
		v.result.Secret = v.fragment.inNamespace(bootstrap.ChartSecretName)
	}
	if len(errs) == 0 && v.fragment.chart.ChoosesAPI() {
		v.warn("offline it is not known which API versions the cluster serves: the chart uses %s%s unless you set global.externalSecrets.apiVersion",
			gen3.APIPrefix, v.fragment.chart.API())
	}
	return errs
}

// lacking judges what the settings must say where nobody is asked.
func (v *valuesRun) lacking(s bootstrap.Settings) []error {
	var c bootstrap.Checker
	if !v.fragment.takesRole() {
		s.Account = cmp.Or(s.Account, strings.Repeat("0", 12)) // a key's values do not name it
	}
	c.Target(s)
	c.IAM(s)
	c.Secrets(s)
	c.Authentication(s)
	if v.fragment.takesRole() && s.RoleName == "" {
		c.Add("give the role's name, and --iam-path if its path is not /; without --offline the cluster and IAM are asked",
			"--offline with --irsa needs --role-name: the default name has the cluster's id in it")
	}
	return c.Problems
}
