package cli

import (
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

// The values of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

// inputs is what the flags of one command are parsed into.
type inputs struct {
	settings bootstrap.Settings
	output   string
	noColor  bool
	verbose  bool
	quiet    bool
}

// newInputs returns the defaults, which the help prints.
func newInputs() *inputs {
	in := &inputs{output: outputText}
	s := &in.settings
	s.Timeout = bootstrap.DefaultTimeout
	s.LockTimeout = bootstrap.DefaultLockTimeout
	s.PolicyName = bootstrap.DefaultPolicyName
	s.UserName = bootstrap.DefaultUserName
	s.IAMPath = bootstrap.DefaultIAMPath
	s.GlobalUserSecret = bootstrap.DefaultGlobalUserSecret
	s.ServiceAccount = bootstrap.DefaultServiceAccount
	s.Gen3ReleaseName = render.DefaultRelease
	s.Helm.Release = bootstrap.DefaultRelease
	s.Helm.Namespace = bootstrap.DefaultReleaseNamespace
	s.Helm.Chart = chartsource.DefaultChart
	s.Helm.Repo = chartsource.DefaultRepo
	return in
}

// groups returns the flags of a command that converges everything.
func (in *inputs) groups() []group {
	return []group{
		in.target(), in.iam(), in.secrets(), in.authentication(), in.helm(), in.gen3(), in.printing(), in.timing(),
	}
}

// recalled are the flags whose value a command that comes after up takes from the record unless it is given.
func recalled() []string {
	return []string{
		"policy-name", "user-name", "iam-path", "secret-name", "global-user-secret", "role-name", "service-account", "oidc-issuer",
		"release", "release-namespace",
	}
}

// recalledGroups are the flags of up for a command that comes after it. Those that the record knows have no default of
// their own, and those that only matter to up are taken, so that one set of arguments does for all, and not explained.
func (in *inputs) recalledGroups() []group {
	groups := in.groups()
	for _, g := range groups {
		for i := range g.options {
			o := &g.options[i]
			switch {
			case slices.Contains(recalled(), o.name):
				o.fallback = "what up recorded, else " + o.defaultText()
				if s, ok := o.into.(*string); ok {
					*s = ""
				}
			case g.title != "target" && g.title != "output" && o.name != "skip-helm":
				o.hidden = true
			}
		}
	}
	return groups
}

// withoutWriting takes those target flags out of the help that only matter to a command which writes.
func withoutWriting(groups []group) []group {
	return unexplained(groups, "create-namespace", "lock-timeout", "yes")
}

// explained puts flags back into the help.
func explained(groups []group, names ...string) []group {
	for _, g := range groups {
		for i := range g.options {
			g.options[i].hidden = g.options[i].hidden && !slices.Contains(names, g.options[i].name)
		}
	}
	return groups
}

// unexplained takes flags out of the help.
func unexplained(groups []group, names ...string) []group {
	for _, g := range groups {
		for i := range g.options {
			g.options[i].hidden = g.options[i].hidden || slices.Contains(names, g.options[i].name)
		}
	}
	return groups
}
