package cli

import (
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

// helm says how External Secrets Operator is installed.
func (in *inputs) helm() group {
	h := &in.settings.Helm
	return group{"Helm", []option{
		{name: "release", arg: "NAME", into: &h.Release, noted: &h.ReleaseGiven, usage: "release of External Secrets Operator"},
		{name: "release-namespace", arg: "NAME", into: &h.Namespace, noted: &h.ReleaseGiven, usage: "namespace of that release"},
		{name: "chart", arg: "CHART", into: &h.Chart, usage: "name in the repository, directory, .tgz or oci:// reference"},
		{name: "chart-repo", arg: "URL", into: &h.Repo, usage: "chart repository"},
		{name: "chart-version", arg: "VERSION", into: &h.Version, fallback: chartsource.DefaultVersion + " for a first install, else the release's", usage: "version of the chart"},
		{name: "values", arg: "FILE", into: &h.Values, usage: "values file, as for helm; later ones win"},
		{name: "set", arg: "KEY=VALUE", into: &h.Set, usage: "single values, as for helm; they win over files"},
		{name: "no-wait", into: &h.NoWait, usage: "do not wait until the operator's Deployments are available"},
		{name: "skip-helm", into: &in.settings.SkipHelm, usage: "leave the operator to somebody else; the other flags here then do nothing"},
	}}
}
