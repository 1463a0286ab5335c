package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

// The values of --output.
const (
	outputText     = "text"
	outputJSON     = "json"
	outputYAML     = "yaml"
	outputMarkdown = "markdown"
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
	s.Given = map[string]string{}
	s.Gen3ReleaseName = render.DefaultRelease
	s.Helm.Chart = chartsource.DefaultChart
	s.Helm.Repo = chartsource.DefaultRepo
	return in
}

// groups returns the flags of a command that converges everything. Those that the record keeps have no default of their own, and each notes
// that it was given.
func (in *inputs) groups() []group {
	groups := []group{
		in.target(), in.iam(), in.secrets(), in.authentication(), in.helm(), in.gen3(), in.printing(), in.timing(),
	}
	kept := bootstrap.StickyFlags()
	for _, g := range groups {
		for i := range g.options {
			o := &g.options[i]
			o.given = in.settings.Given
			if fallback, ok := kept[o.name]; ok {
				unsaid := "none"
				if _, onOff := o.into.(*bool); onOff {
					unsaid = "off"
				}
				o.fallback = "what is recorded, else " + cmp.Or(fallback, o.fallback, unsaid)
			}
		}
	}
	return groups
}

// recalledGroups are the flags of up for a command that comes after it. Those that only matter to up are taken, so that one set of arguments
// does for all, and not explained.
func (in *inputs) recalledGroups() []group {
	kept := bootstrap.StickyFlags()
	groups := in.groups()
	for _, g := range groups {
		for i := range g.options {
			o := &g.options[i]
			_, recorded := kept[o.name]
			named := recorded && strings.HasSuffix(o.name, "-name") || slices.Contains([]string{"iam-path", "global-user-secret", "service-account", "oidc-issuer", "release", "release-namespace"}, o.name)
			if !named && g.title != "target" && g.title != "output" && o.name != "skip-helm" {
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
