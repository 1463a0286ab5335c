package bootstrap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

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

// Recall finds the names to look for: each kind by its flags if those were given, else as the record has it, and with no
// record by the defaults. What a flag names is looked for although no up made it.
func (s Settings) Recall(record *Recorded, owner iamsetup.Owner) Names {
	if record == nil {
		record = &Recorded{Made: s.Named().names(cmp.Or(s.RoleName, role.DefaultName(owner)), s.OIDCIssuer, "")}
	}
	// look returns what was made of a kind, or one thing without a name where only a flag names it.
	look := func(kind string, flags ...string) []Made {
		made := record.MadeOf(kind, s.Account)
		if len(made) == 0 && cmp.Or(flags...) != "" {
			made = []Made{{}}
		}
		return made
	}
	var out Names
	for _, m := range look(plan.IAMPolicy, s.PolicyName) {
		out.Policies = words.AddOnce(out.Policies, PolicyName{cmp.Or(s.IAMPath, m.Path, DefaultIAMPath), cmp.Or(s.PolicyName, m.Name)})
	}
	for _, m := range look(plan.IAMUser, s.UserName) {
		out.Users = words.AddOnce(out.Users, cmp.Or(s.UserName, m.Name))
	}
	out.Secrets = slices.Clone(s.SecretNames)
	if len(s.SecretNames) == 0 {
		for _, m := range look(plan.Secret) {
			out.Secrets = words.AddOnce(out.Secrets, m.Name)
		}
	}
	for _, m := range look(plan.IAMRole, s.RoleName) {
		account := cmp.Or(s.ServiceAccount, m.ServiceAccount, DefaultServiceAccount)
		out.addRole(cmp.Or(s.RoleName, m.Name), role.Trusted{Issuer: cmp.Or(s.OIDCIssuer, m.Issuer), Subject: role.Subject(owner.Namespace, account)})
	}
	for _, m := range look(plan.OIDCProvider, s.OIDCIssuer) {
		out.Issuers = words.AddOnce(out.Issuers, cmp.Or(s.OIDCIssuer, m.Name))
	}
	for _, m := range look(plan.HelmRelease, s.Helm.Release, s.Helm.Namespace) {
		out.Releases = words.AddOnce(out.Releases, ReleaseName{
			cmp.Or(s.Helm.Namespace, m.Namespace, DefaultReleaseNamespace), cmp.Or(s.Helm.Release, m.Name, DefaultRelease),
		})
	}
	return out
}

func (n *Names) addRole(name string, who role.Trusted) {
	i := slices.IndexFunc(n.Roles, func(r RoleName) bool { return r.Name == name })
	if i < 0 {
		n.Roles, i = append(n.Roles, RoleName{Name: name}), len(n.Roles)
	}
	n.Roles[i].Trusted = words.AddOnce(n.Roles[i].Trusted, who)
}

// TakeRecorded takes mode and names from the record where the flags leave them open, for commands that only look. It returns what
// the operator should know of that.
func (t *Target) TakeRecorded() []Warning {
	var out []Warning
	if t.Namespace == nil && t.Refused.Namespace == nil {
		out = append(out, Warning{"namespace-absent", fmt.Sprintf("there is no namespace %s in cluster %s (context %s)", t.Settings.Namespace, t.Kube.Server, t.Kube.Context)})
	}
	if record := t.Last; record != nil {
		t.Settings = t.Settings.AsRecorded(*record)
		if record.Account != t.Settings.Account {
			out = append(out, Warning{"account-differs", fmt.Sprintf("the last up for this namespace was in account %s, and --account is %s", record.Account, t.Settings.Account)})
		}
	}
	t.Settings = t.Settings.Named()
	return out
}

// settled are the settings of a run in their final form: what is not given stands as it is recorded.
func (t *Target) settled(wished Settings, rotates bool) Settings {
	wished.Account, wished.Region, wished.Namespace = t.Settings.Account, t.Settings.Region, t.Settings.Namespace
	wished.Timing = t.Settings.Timing
	if t.Last != nil && (wished.Given != nil || rotates) {
		wished = wished.AsRecorded(*t.Last)
	}
	return wished.Named()
}

// Misses says why the operator of the last up will not read secrets of these names where they are written or looked for. It is a help and no
// proof, as the record is, and says nothing without one.
func (t *Target) Misses(names []string) []Warning {
	if t.Last == nil {
		return nil
	}
	var out []string
	if last := t.Last; last.Region != t.Settings.Region || last.Account != t.Settings.Account {
		out = append(out, fmt.Sprintf("the last up in namespace %s was for region %s of account %s: the operator reads its secrets there, and not in region %s of account %s",
			t.Settings.Namespace, last.Region, last.Account, t.Settings.Region, t.Settings.Account))
	}
	allowed := func(name string) bool {
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		return slices.Contains(t.Last.ReadNames, name) || slices.ContainsFunc(t.Last.SecretPrefixes, begins)
	}
	names = slices.DeleteFunc(slices.Clone(names), allowed)
	if len(t.Last.ReadNames)+len(t.Last.SecretPrefixes) > 0 && len(names) > 0 {
		out = append(out, fmt.Sprintf("the policy of the last up in namespace %s does not let the operator read %s: run up again, with --secret-prefix or --secret-names-from-values as it should be",
			t.Settings.Namespace, words.Few(names)))
	}
	return Warned("operator-will-not-read", out...)
}
