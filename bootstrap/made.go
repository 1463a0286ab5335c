package bootstrap

import (
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Made is one thing that an up made, or was about to make, by its name. It says where to look and proves nothing: whose a thing
// is, its own tags and labels say. It is comparable.
type Made struct {
	Kind           string `json:"kind"`                     // as in plan.Resource
	Account        string `json:"account"`                  // AWS account of that up
	Name           string `json:"name"`                     // of a provider: its issuer
	Path           string `json:"path,omitempty"`           // of a policy
	Namespace      string `json:"namespace,omitempty"`      // of a release
	User           string `json:"user,omitempty"`           // of a Secret: the user whose key it is for
	Cluster        string `json:"cluster,omitempty"`        // of a role: UID of kube-system in the cluster that it was made for
	Issuer         string `json:"issuer,omitempty"`         // of a role: who signs the tokens that it trusts
	ServiceAccount string `json:"serviceAccount,omitempty"` // of a role: whose tokens these are
}

// makes lists what this up makes.
func (t *Target) makes() []Made {
	s := t.Settings
	var out []Made
	for _, m := range s.names(t.roleName(), t.issuer, t.ClusterID) {
		if s.makes(m.Kind) {
			out = append(out, m)
		}
	}
	return out
}

// makes reports whether an up in this mode makes things of a kind.
func (s Settings) makes(kind string) bool {
	switch kind {
	case plan.HelmRelease:
		return !s.SkipHelm
	case plan.IAMPolicy:
		return s.usesPolicy()
	case plan.IAMUser, plan.Secret:
		return s.UsesKeys()
	default:
		return s.IRSA
	}
}

// names lists what ups with these names make in any mode.
func (s Settings) names(role, issuer, cluster string) []Made {
	all := []Made{
		{Kind: plan.HelmRelease, Name: s.Helm.Release, Namespace: s.Helm.Namespace},
		{Kind: plan.IAMPolicy, Name: s.PolicyName, Path: s.IAMPath},
		{Kind: plan.IAMUser, Name: s.UserName},
		{Kind: plan.OIDCProvider, Name: issuer},
		{Kind: plan.IAMRole, Name: role, Cluster: cluster, Issuer: issuer, ServiceAccount: s.ServiceAccount},
	}
	for _, name := range s.KeySecretNames() {
		all = append(all, Made{Kind: plan.Secret, Name: name, User: s.UserName})
	}
	for i := range all {
		all[i].Account = s.Account
	}
	return slices.DeleteFunc(all, func(m Made) bool { return m.Name == "" })
}

// MadeOf lists what ups made of one kind in an account, as far as it was not taken away; the last up's first.
func (r *Recorded) MadeOf(kind, account string) []Made {
	if r == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Made), func(m Made) bool { return m.Kind != kind || m.Account != account })
}

// SecretsOf names the Secrets that were made for a user's key.
func (r *Recorded) SecretsOf(user Made) []string {
	var out []string
	for _, m := range r.MadeOf(plan.Secret, user.Account) {
		if m.User == user.Name {
			out = append(out, m.Name)
		}
	}
	return out
}

// follow returns r as the successor of what the record says: what was made before remains named.
func (r Recorded) follow(before *Recorded) Recorded {
	if before != nil {
		for _, m := range before.Made {
			if !slices.Contains(r.Made, m) {
				r.Made = append(r.Made, m)
			}
		}
	}
	return r
}

// settings puts the names into settings, so that they can be judged as flags are. The error is a kind that no up makes, or a
// name that is missing.
func (m Made) settings(s Settings) (Settings, error) {
	s.Account = m.Account
	switch m.Kind {
	case plan.HelmRelease:
		s.Helm.Release, s.Helm.Namespace = m.Name, m.Namespace
	case plan.IAMPolicy:
		s.PolicyName, s.IAMPath = m.Name, m.Path
	case plan.IAMUser:
		s.UserName = m.Name
	case plan.IAMRole:
		s.RoleName, s.OIDCIssuer, s.ServiceAccount = m.Name, m.Issuer, m.ServiceAccount
	case plan.OIDCProvider:
		s.OIDCIssuer = m.Name
	case plan.Secret:
		s.SecretNames, s.UserName = []string{m.Name}, m.User
	default:
		return s, fmt.Errorf("kind %q is none that an up makes", m.Kind)
	}
	if m.Name == "" {
		return s, fmt.Errorf("the name of one %s is missing", m.Kind)
	}
	return s.Named(), nil
}
