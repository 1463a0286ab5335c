package bootstrap

import (
	"cmp"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
)

// named returns the settings with every empty name replaced by its default, so that Check can judge them. Commands that
// come after up leave a name empty that was not given: it then means the one in the record, and the default only where
// there is no record.
func (s Settings) named() Settings {
	s.PolicyName = cmp.Or(s.PolicyName, DefaultPolicyName)
	s.UserName = cmp.Or(s.UserName, DefaultUserName)
	s.IAMPath = cmp.Or(s.IAMPath, DefaultIAMPath)
	s.GlobalUserSecret = cmp.Or(s.GlobalUserSecret, DefaultGlobalUserSecret)
	s.ServiceAccount = cmp.Or(s.ServiceAccount, DefaultServiceAccount)
	s.Helm.Release = cmp.Or(s.Helm.Release, DefaultRelease)
	s.Helm.Namespace = cmp.Or(s.Helm.Namespace, DefaultReleaseNamespace)
	return s
}

// names are what teardown looks for.
type names struct {
	policies []policyName
	users    []string
	secrets  []string
	roles    []roleName
	issuers  []string
	releases []releaseName
}

type policyName struct{ path, name string }

// roleName is a role, with the ServiceAccounts that were let in on behalf of this owner.
type roleName struct {
	name    string
	trusted []role.Trusted
}

type releaseName struct{ namespace, name string }

// entries are the last up and those before it that are still named, newest first.
func (r *Recorded) entries() []Recorded {
	if r == nil {
		return nil
	}
	newest := *r
	newest.Earlier = nil
	out := []Recorded{newest}
	for _, e := range slices.Backward(r.Earlier) {
		out = append(out, e)
	}
	return out
}

// recall finds the names to look for: each kind by its flag if that was given, else as the record has it, and with no
// record by the defaults.
func (s Settings) recall(record *Recorded, owner iamsetup.Owner) names {
	entries := record.entries()
	if record == nil {
		d := s.named()
		entries = []Recorded{{
			Account: s.Account, PolicyName: d.PolicyName, IAMPath: d.IAMPath, UserName: d.UserName, SecretNames: d.KeySecretNames(),
			RoleName: cmp.Or(s.RoleName, role.DefaultName(owner)), ServiceAccount: d.ServiceAccount, OIDCIssuer: s.OIDCIssuer,
			Release: d.Helm.Release, ReleaseNamespace: d.Helm.Namespace,
		}}
	}
	var out names
	for _, e := range slices.DeleteFunc(entries, func(e Recorded) bool { return e.Account != s.Account }) {
		out.add(s.over(e), owner.Namespace)
	}
	return out
}

// over puts what was given in the place of what an entry names. It also names what the entry does not: a role that was
// given is looked for although the last up made none.
func (s Settings) over(e Recorded) Recorded {
	e.PolicyName = cmp.Or(s.PolicyName, e.PolicyName)
	e.IAMPath = cmp.Or(s.IAMPath, e.IAMPath, DefaultIAMPath)
	e.UserName = cmp.Or(s.UserName, e.UserName)
	if len(s.SecretNames) > 0 {
		e.SecretNames = s.SecretNames
	}
	e.RoleName = cmp.Or(s.RoleName, e.RoleName)
	e.ServiceAccount = cmp.Or(s.ServiceAccount, e.ServiceAccount, DefaultServiceAccount)
	e.OIDCIssuer = cmp.Or(s.OIDCIssuer, e.OIDCIssuer)
	if s.Helm.Release != "" || s.Helm.Namespace != "" {
		e.Release = cmp.Or(s.Helm.Release, e.Release, DefaultRelease)
	}
	e.ReleaseNamespace = cmp.Or(s.Helm.Namespace, e.ReleaseNamespace, DefaultReleaseNamespace)
	return e
}

func (n *names) add(e Recorded, namespace string) {
	if e.PolicyName != "" {
		n.policies = addOnce(n.policies, policyName{e.IAMPath, e.PolicyName})
	}
	if e.UserName != "" {
		n.users = addOnce(n.users, e.UserName)
	}
	for _, secret := range e.SecretNames {
		n.secrets = addOnce(n.secrets, secret)
	}
	if e.RoleName != "" {
		n.addRole(e.RoleName, role.Trusted{Issuer: e.OIDCIssuer, Subject: role.Subject(namespace, e.ServiceAccount)})
	}
	if e.OIDCIssuer != "" {
		n.issuers = addOnce(n.issuers, e.OIDCIssuer)
	}
	if e.Release != "" {
		n.releases = addOnce(n.releases, releaseName{e.ReleaseNamespace, e.Release})
	}
}

func (n *names) addRole(name string, who role.Trusted) {
	i := slices.IndexFunc(n.roles, func(r roleName) bool { return r.name == name })
	if i < 0 {
		n.roles, i = append(n.roles, roleName{name: name}), len(n.roles)
	}
	n.roles[i].trusted = addOnce(n.roles[i].trusted, who)
}

func addOnce[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

// asRecorded are the settings of the last up, with what is given in the place of what is recorded.
func (s Settings) asRecorded(r Recorded) Settings {
	if !s.IRSA && !s.UseGlobalUser {
		s.IRSA, s.UseGlobalUser = r.modes()
	}
	if s.Helm.Release == "" && s.Helm.Namespace == "" {
		s.SkipHelm = s.SkipHelm || r.SkipHelm
	}
	s.PermissionsBoundary = cmp.Or(s.PermissionsBoundary, r.Boundary)
	if len(s.Tags) == 0 {
		s.Tags = r.Tags
	}
	named := s.over(r)
	s.PolicyName, s.IAMPath, s.UserName, s.SecretNames = named.PolicyName, named.IAMPath, named.UserName, named.SecretNames
	s.RoleName, s.ServiceAccount, s.OIDCIssuer = named.RoleName, named.ServiceAccount, named.OIDCIssuer
	s.Helm.Release, s.Helm.Namespace = named.Release, named.ReleaseNamespace
	s.GlobalUserSecret = cmp.Or(s.GlobalUserSecret, r.GlobalUserSecret)
	if len(s.SecretPrefixes) == 0 {
		s.SecretPrefixes = r.SecretPrefixes
	}
	if len(s.KMSKeys) == 0 {
		s.KMSKeys = r.KMSKeys
	}
	s.AllowPush = s.AllowPush || r.AllowPush
	return s
}

// namesNothing reports whether nothing is left by which something of ours would be found.
func (r Recorded) namesNothing() bool {
	return r.PolicyName == "" && r.UserName == "" && len(r.SecretNames) == 0 && r.RoleName == "" && r.OIDCIssuer == "" && r.Release == ""
}
