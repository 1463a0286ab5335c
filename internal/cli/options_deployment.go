package cli

import (
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
)

// deployment says which gen3 deployment a command is about: a chart and its values.
func (in *inputs) deployment(d *deployment.Ref) group {
	d.ReleaseName = render.DefaultRelease
	return group{"gen3 chart", []option{
		gen3Values(&d.Files), gen3Chart(&d.Chart),
		{name: "gen3-version", arg: "VERSION", into: &in.settings.Gen3Version, fallback: "the newest, or what the chart says", usage: "version of the gen3 chart"},
		releaseName(&d.ReleaseName),
	}}
}

func gen3Values(into *[]string) option {
	return option{name: "gen3-values", short: "f", arg: "FILE", into: into, usage: "values file of the gen3 release, as for helm; later ones win"}
}

func gen3Chart(into *string) option {
	return option{name: "gen3-chart", arg: "CHART", into: into, fallback: "gen3 of " + render.DefaultRepo, usage: "the gen3 chart: name in that repository, directory, .tgz or oci:// reference"}
}

func releaseName(into *string) option {
	return option{name: "release-name", arg: "NAME", into: into, usage: "name of the gen3 release"}
}

// offlineGroups are the flags of a command that needs neither AWS nor, with values files, a cluster: those of up are taken, so that one
// set of arguments does for all, and few of them explained.
func (in *inputs) offlineGroups() []group {
	shown := []string{"kubeconfig", "context", "namespace", "timeout"}
	var out []group
	for _, g := range in.recalledGroups() {
		if g.title == "gen3 chart" {
			continue
		}
		for i := range g.options {
			o := &g.options[i]
			o.required = false
			o.hidden = o.hidden || g.title != "output" && !slices.Contains(shown, o.name)
		}
		out = append(out, g)
	}
	return out
}
