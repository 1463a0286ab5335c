package bootstrap

import (
	"cmp"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Named returns the settings with every empty name replaced by its default, so that Check can judge them. Commands that
// come after up leave a name empty that was not given: it then means the one in the record, and the default only where
// there is no record.
func (s Settings) Named() Settings {
	s.PolicyName = cmp.Or(s.PolicyName, DefaultPolicyName)
	s.UserName = cmp.Or(s.UserName, DefaultUserName)
	s.IAMPath = cmp.Or(s.IAMPath, DefaultIAMPath)
	s.GlobalUserSecret = cmp.Or(s.GlobalUserSecret, DefaultGlobalUserSecret)
	s.ServiceAccount = cmp.Or(s.ServiceAccount, DefaultServiceAccount)
	s.Helm.Release = cmp.Or(s.Helm.Release, DefaultRelease)
	s.Helm.Namespace = cmp.Or(s.Helm.Namespace, DefaultReleaseNamespace)
	return s
}

// Names are what teardown looks for.
type Names struct {
	Policies []PolicyName
	Users    []string
	Secrets  []string
	Roles    []RoleName
	Issuers  []string
	Releases []ReleaseName
}

// PolicyName is a policy as the record names it.
type PolicyName struct{ Path, Name string }

// RoleName is a role, with the ServiceAccounts that were let in on behalf of this owner.
type RoleName struct {
	Name    string
	Trusted []role.Trusted
}

// ReleaseName is a Helm release as the record names it.
type ReleaseName struct{ Namespace, Name string }

// Entries are the last up and those before it that are still named, newest first.
func (r *Recorded) Entries() []Recorded {
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

// Recall finds the names to look for: each kind by its flag if that was given, else as the record has it, and with no
// record by the defaults.
func (s Settings) Recall(record *Recorded, owner iamsetup.Owner) Names {
	entries := record.Entries()
	if record == nil {
		d := s.Named()
		entries = []Recorded{{
			Account: s.Account, PolicyName: d.PolicyName, IAMPath: d.IAMPath, UserName: d.UserName, SecretNames: d.KeySecretNames(),
			RoleName: cmp.Or(s.RoleName, role.DefaultName(owner)), ServiceAccount: d.ServiceAccount, OIDCIssuer: s.OIDCIssuer,
			Release: d.Helm.Release, ReleaseNamespace: d.Helm.Namespace,
		}}
	}
	var out Names
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

func (n *Names) add(e Recorded, namespace string) {
	if e.PolicyName != "" {
		n.Policies = words.AddOnce(n.Policies, PolicyName{e.IAMPath, e.PolicyName})
	}
	if e.UserName != "" {
		n.Users = words.AddOnce(n.Users, e.UserName)
	}
	for _, secret := range e.SecretNames {
		n.Secrets = words.AddOnce(n.Secrets, secret)
	}
	if e.RoleName != "" {
		n.addRole(e.RoleName, role.Trusted{Issuer: e.OIDCIssuer, Subject: role.Subject(namespace, e.ServiceAccount)})
	}
	if e.OIDCIssuer != "" {
		n.Issuers = words.AddOnce(n.Issuers, e.OIDCIssuer)
	}
	if e.Release != "" {
		n.Releases = words.AddOnce(n.Releases, ReleaseName{e.ReleaseNamespace, e.Release})
	}
}

func (n *Names) addRole(name string, who role.Trusted) {
	i := slices.IndexFunc(n.Roles, func(r RoleName) bool { return r.Name == name })
	if i < 0 {
		n.Roles, i = append(n.Roles, RoleName{Name: name}), len(n.Roles)
	}
	n.Roles[i].Trusted = words.AddOnce(n.Roles[i].Trusted, who)
}

// AsRecorded are the settings of the last up, with what is given in the place of what is recorded.
func (s Settings) AsRecorded(r Recorded) Settings {
	if !s.IRSA && !s.UseGlobalUser {
		s.IRSA, s.UseGlobalUser = r.Modes()
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

// NamesNothing reports whether nothing is left by which something of ours would be found.
func (r Recorded) NamesNothing() bool {
	return r.PolicyName == "" && r.UserName == "" && len(r.SecretNames) == 0 && r.RoleName == "" && r.OIDCIssuer == "" && r.Release == ""
}
