package bootstrap

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// AskIssuer finds out who signs the cluster's tokens. A given issuer counts; what the API server says is then only a
// check of it, which not everybody may make.
func (t *Target) AskIssuer(ctx context.Context) error {
	if !t.Settings.IRSA {
		return nil
	}
	said, err := t.Kube.Issuer(ctx)
	given := t.Settings.OIDCIssuer
	switch {
	case given == "" && err != nil:
		return err
	case given != "" && err == nil && said != given:
		t.Warnings = append(t.Warnings, Warning{"issuer-differs", fmt.Sprintf("--oidc-issuer is %s, and the cluster's tokens name %s: AWS will refuse them unless somebody serves the same keys under both", given, said)})
	}
	t.issuer = cmp.Or(given, said)
	return nil
}

// roleName is the role's name: given, or made of the namespace and the cluster.
func (t *Target) roleName() string {
	return cmp.Or(t.Settings.RoleName, role.DefaultName(t.Owner()))
}

func (t *Target) providerStep() *oidcprovider.Up {
	return &oidcprovider.Up{Up: t.making(), Issuer: t.issuer, Create: t.Settings.CreateOIDCProvider}
}

func (t *Target) roleStep(policy *policy.Up) *roleStep {
	s := t.Settings
	return &roleStep{
		kube: t.Kube, namespace: s.Namespace, account: s.ServiceAccount,
		Up: &role.Up{
			Up: t.principal(policy), RoleName: t.roleName(),
			Trusted: role.Trusted{Issuer: t.issuer, Subject: role.Subject(s.Namespace, s.ServiceAccount)},
			Earlier: t.trustedBefore(),
		},
	}
}

// trustedBefore is whom earlier runs for this namespace let into the same role, as the record has it. A record that came
// from another cluster says nothing: that one may still be there, and share the role.
func (t *Target) trustedBefore() []role.Trusted {
	var out []role.Trusted
	for _, m := range t.Last.MadeOf(plan.IAMRole, t.Settings.Account) {
		if m.Name == t.roleName() && m.Cluster == t.ClusterID {
			out = append(out, role.Trusted{Issuer: m.Issuer, Subject: role.Subject(t.Settings.Namespace, m.ServiceAccount)})
		}
	}
	return out
}

// roleStep is the step of the role, with a look at the ServiceAccount that is to take it. The gen3 chart makes that
// ServiceAccount, and could not install if it were there already.
type roleStep struct {
	*role.Up

	kube      *kube.Client
	namespace string
	account   string

	seen kube.ServiceAccount
}

// Observe looks at both at the same time.
func (r *roleStep) Observe(ctx context.Context) (changes []plan.Change, err error) {
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { changes, err = r.Up.Observe(gctx); return err })
	group.Go(func() (err error) { r.seen, err = r.kube.ServiceAccountRole(gctx, r.namespace, r.account); return err })
	return changes, group.Wait()
}

// Warnings tell of what else the role may do, and of what does not fit between it and the ServiceAccount.
func (r *roleStep) Warnings() []string { return append(r.Up.Warnings(), r.accountWarnings()...) }

func (r *roleStep) accountWarnings() []string {
	name, arn := r.namespace+"/"+r.account, r.ARN()
	const cure = "give the gen3 chart the values that `gen3-bootstrap values` prints"
	switch {
	case r.seen.Forbidden:
		return []string{fmt.Sprintf("ServiceAccount %s may not be read, so whether it names another role than %s is unknown", name, arn)}
	case !r.seen.Exists || r.seen.RoleARN == arn:
		return nil
	case r.seen.RoleARN == "":
		return []string{fmt.Sprintf("ServiceAccount %s names no role (annotation %s), so nothing can take role %s as it: %s", name, kube.RoleAnnotation, arn, cure)}
	default:
		return []string{fmt.Sprintf("ServiceAccount %s names role %s (annotation %s), and not %s: %s", name, r.seen.RoleARN, kube.RoleAnnotation, arn, cure)}
	}
}
