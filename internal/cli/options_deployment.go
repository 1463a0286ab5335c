package cli

import (
	"errors"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
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

// source says where the deployment's objects are read.
func source(d *deployment.Ref) option {
	return option{name: "source", arg: "PLACE", into: &d.Source, choices: []string{deployment.Files, deployment.Release, deployment.Live}, fallback: "files where some are given, else release, else live", usage: "what to read the deployment's objects from: files renders the chart, release is what Helm stored, live what is in the namespace"}
}

// writing are the flags that say what may be written to Secrets Manager.
func writing(o *secrets.WriteOptions) []option {
	return []option{
		{name: "dry-run", into: &o.DryRun, usage: "write nothing, and say what would be written"},
		{name: "only", arg: "NAME", into: &o.Only, fallback: "all", usage: "write only this secret of Secrets Manager"},
		{name: "restore", into: &o.Restore, argvOnly: true, usage: "take back what is scheduled for deletion; what it holds is kept"},
	}
}

// writingGroups are the flags of a command that writes to Secrets Manager, beside its own: those of up are taken, and those explained that
// matter.
func (in *inputs) writingGroups() []group {
	shown := []string{"account", "region", "profile", "kubeconfig", "context", "namespace", "timeout", "lock-timeout", "yes", "tag", "kms-key"}
	usage := map[string]string{
		"yes":     "do not ask before something is written",
		"tag":     "tag of the secrets that are created",
		"kms-key": "ARN of the KMS key that new secrets are encrypted with; up has to be given it as well, so that the operator may decrypt them",
	}
	var out []group
	for _, g := range in.recalledGroups() {
		if g.title == "gen3 chart" {
			continue
		}
		for i := range g.options {
			o := &g.options[i]
			o.hidden = g.title != "output" && !slices.Contains(shown, o.name)
			if text := usage[o.name]; text != "" {
				o.usage = text
			}
		}
		out = append(out, g)
	}
	return out
}

// oneKey is the KMS key that new secrets are encrypted with; "" is the account's own.
func (in *inputs) oneKey() (string, error) {
	switch keys := in.settings.KMSKeys; len(keys) {
	case 0:
		return "", nil
	case 1:
		return keys[0], nil
	}
	return "", errors.New("check --kms-key: it is given more than once, and a secret is encrypted with one key")
}
