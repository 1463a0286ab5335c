package teardown

import (
	"context"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// takes is what the planned changes take away of what stores stand on. A key, policy or role of an earlier up that
// nothing in this namespace uses takes nothing.
func (t *teardown) takes() taken {
	var out taken
	for _, e := range t.all {
		if !e.pending() {
			continue
		}
		for _, c := range e.planned {
			if c.Action == plan.Delete || c.Step == role.Step && c.Action == plan.Update {
				t.take(&out, e.remover, c)
			}
		}
	}
	return out
}

// take adds what goes with one change. A user goes after its keys, which are changes of their own.
func (t *teardown) take(out *taken, by remover, c plan.Change) {
	switch kind, name := c.Resource.Kind, c.Resource.Name; {
	case kind == plan.HelmRelease:
		out.operator = true
	case kind == plan.CRD:
		out.crds = true
	case kind == plan.Secret:
		out.secrets = words.AddOnce(out.secrets, c.Resource.Namespace+"/"+name)
	case kind == plan.AccessKey:
		for _, secret := range t.holding(name) {
			out.secrets = words.AddOnce(out.secrets, secret)
		}
	case c.Step == policy.Step:
		if policy, ok := by.(*policy.Removal); !ok || policy.Attached() {
			out.secrets = append(out.secrets, words.Without(t.holding(""), out.secrets)...)
			t.takeRoles(out, "")
		}
	case c.Step == oidcprovider.Step:
		t.takeRoles(out, "")
	case c.Step == role.Step:
		if role, ok := by.(*role.Removal); ok {
			t.takeRoles(out, role.RoleName)
		}
	}
}

// holding are the Secrets that hold a key, as "namespace/name"; all of them for "", or where they could not be read.
func (t *teardown) holding(id string) []string {
	var out []string
	for _, e := range t.all {
		secrets, ok := e.remover.(*secretsRemoval)
		if !ok {
			continue
		}
		for _, h := range secrets.held {
			if id == "" || h.Key.ID == id {
				out = words.AddOnce(out, h.Name)
			}
		}
		if e.err != nil {
			id = ""
		}
	}
	if id != "" {
		return out
	}
	for _, name := range t.names.Secrets {
		out = words.AddOnce(out, t.Target.Settings.Namespace+"/"+name)
	}
	return out
}

// takeRoles adds the ServiceAccounts of a role, or of all for "", but for those that name another one.
func (t *teardown) takeRoles(out *taken, name string) {
	for _, role := range t.names.Roles {
		if name != "" && role.Name != name {
			continue
		}
		for _, who := range role.Trusted {
			account := accountOf(who.Subject)
			if named := t.accounts[account].RoleARN; named == "" || strings.HasSuffix(named, "/"+role.Name) {
				out.accounts = words.AddOnce(out.accounts, account)
			}
		}
	}
}

// readAccounts looks which roles the ServiceAccounts name that may take one of ours. One that may not be read counts as
// naming it.
func (t *teardown) readAccounts(ctx context.Context) error {
	t.accounts = map[string]kube.ServiceAccount{}
	if t.Target.Kube == nil {
		return nil
	}
	for _, role := range t.names.Roles {
		for _, who := range role.Trusted {
			account := accountOf(who.Subject)
			if _, known := t.accounts[account]; known {
				continue
			}
			namespace, name, _ := strings.Cut(account, "/")
			var err error
			if t.accounts[account], err = t.Target.Kube.ServiceAccountRole(ctx, namespace, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// accountOf turns a token's subject into "namespace/name".
func accountOf(subject string) string {
	return strings.Replace(strings.TrimPrefix(subject, "system:serviceaccount:"), ":", "/", 1)
}
