package values

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// readServed asks the cluster which versions of the API it takes.
func (v *valuesRun) readServed(ctx context.Context) (err error) {
	v.fragment.served, err = v.target.External.ServedVersions(ctx)
	return err
}

// readChart finds out which chart the values are for: the one given, the installed one if that is known, or the newest
// known.
func (v *valuesRun) readChart(ctx context.Context) error {
	found, passed, err := gen3.Find(ctx, v.target.Kube, v.result.Namespace)
	if err != nil {
		return err
	}
	for _, text := range passed {
		v.warn("%s", text)
	}
	given := v.settings.Gen3Version
	for _, text := range gen3.ValuesInTheWay(given, found, v.fragment.takesRole()) {
		v.warn("%s", text)
	}
	if err = v.load(ctx, cmp.Or(given, gen3.Installed(found), gen3.Newest)); err == nil {
		v.fragment.chart, err = v.chartVersion(gen3.Installed(found))
	}
	return err
}

func (v *valuesRun) readRole(ctx context.Context) error {
	if !v.fragment.takesRole() {
		return nil
	}
	name := cmp.Or(v.settings.RoleName, role.DefaultName(v.target.Owner()))
	arn, err := v.lookUpRole(ctx, name)
	switch {
	case errors.Is(err, iamsetup.ErrDenied):
		arn = v.target.Account().RoleARN(v.settings.IAMPath, name)
		v.warn("IAM role %s may not be read, so its ARN is put together from its path and name: %s", name, arn)
	case err != nil:
		return err
	case arn == "":
		return hint.With(fmt.Errorf("get IAM role %s: there is none of this namespace in account %s", name, v.settings.Account),
			"`"+v.target.Settings.Invocation().Command("up", "--irsa")+"` makes it; --role-name names another")
	}
	v.fragment.roleARN = arn
	return nil
}

// lookUpRole takes a role that a flag names as it is. One that the record names must have this owner's tag, since whoever may
// write the record could name any role of the account.
func (v *valuesRun) lookUpRole(ctx context.Context, name string) (string, error) {
	if name == v.role {
		return role.ARN(ctx, v.target.Aws.IAM, name)
	}
	return role.OwnARN(ctx, v.target.Aws.IAM, name, v.target.Owner())
}

// readSecret looks whether the Secret that the SecretStore will read is there. Where that may not be asked, nothing is
// said: the values are the same.
func (v *valuesRun) readSecret(ctx context.Context) error {
	if v.fragment.takesRole() {
		return nil
	}
	name := v.fragment.namespace + "/" + bootstrap.ChartSecretName
	v.result.Secret = name
	secrets := &kube.KeySecrets{Client: v.target.Kube, Namespace: v.fragment.namespace, Names: []string{bootstrap.ChartSecretName}}
	held, err := secrets.Observe(ctx)
	if err != nil {
		return nil // as said
	}
	if held[0].Key.ID == "" {
		v.warn("Secret %s holds no access key yet, and the gen3 chart's SecretStore reads no other%s", name, v.elsewhere())
	}
	return nil
}

// elsewhere says where the key is instead, if the record knows.
func (v *valuesRun) elsewhere() string {
	if v.fragment.mode == bootstrap.ModeGlobalUser && v.fragment.secret != bootstrap.ChartSecretName {
		return "; copy " + v.fragment.inNamespace(v.fragment.secret) + " to it"
	}
	if !slices.Contains(v.settings.KeySecretNames(), bootstrap.ChartSecretName) {
		return "; run up with --secret-name " + bootstrap.ChartSecretName + " as well"
	}
	return ""
}
