package cli

import (
	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
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
