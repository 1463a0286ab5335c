package secrets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/handover"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// switchOver says step by step how the Secrets that were pushed change hands.
func (p *pusher) switchOver(items []writing.Item) {
	var pushed []handover.Route
	for _, r := range p.routes {
		if slices.ContainsFunc(items, func(i writing.Item) bool { return i.Name == r.Remote }) {
			pushed = append(pushed, r)
		}
	}
	if len(pushed) == 0 {
		return
	}
	var helms, argos, external, settings, workloads []string
	deploys := false // External Secrets are to be switched on
	for _, r := range pushed {
		if p.live[r.Secret].helm {
			helms = words.AddOnce(helms, r.Secret)
		}
		if p.live[r.Secret].argo {
			argos = words.AddOnce(argos, r.Secret)
		}
		external = words.AddOnce(external, r.By)
		for _, s := range r.Needs {
			deploys = deploys || s.Value
			settings = words.AddOnce(settings, fmt.Sprintf("%s=%t", s.Path, s.Value))
		}
		for _, reader := range r.Readers {
			if name, ok := restarted(reader.By); ok && reader.Restart() {
				workloads = words.AddOnce(workloads, name)
			}
		}
	}
	slices.Sort(settings)
	slices.Sort(workloads)
	p.beside(pushed)
	if len(helms) > 0 {
		p.then("have Helm keep the Secrets while they change hands: else they are gone for a moment", nil,
			p.kubectl(append(append([]string{"annotate", "secret"}, helms...), "helm.sh/resource-policy=keep", "--overwrite")...))
	}
	if len(argos) > 0 { // https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#no-prune-resources
		p.then("have Argo CD keep the Secrets while they change hands: else they are gone for a moment", nil,
			p.kubectl(append(append([]string{"annotate", "secret"}, argos...), "argocd.argoproj.io/sync-options=Prune=false", "--overwrite")...))
	}
	upgrade := "put these values into your values file too, and deploy: the operator takes the Secrets over"
	if len(helms) > 0 {
		upgrade = "put these values into your values file too, and upgrade: the operator takes the Secrets over. After that Helm refuses to make them again"
	}
	p.then(upgrade, settings, p.upgrade(len(helms) > 0, deploys, settings)...)
	p.then("wait until all are synced", nil, p.kubectl(append([]string{"wait", "--for=condition=Ready", "--timeout=5m"}, prefixed("externalsecret/", external)...)...))
	if len(workloads) > 0 {
		p.then("restart what reads them only when it starts, unless the upgrade did", nil, p.kubectl(append([]string{"rollout", "restart"}, workloads...)...))
	}
}

func (p *pusher) then(text string, values []string, commands ...string) {
	p.next = append(p.next, Instruction{Text: text, Values: append([]string{}, values...), Commands: append([]string{}, commands...)})
}

// restarted is a workload as kubectl rollout names it, of those that it can restart.
func restarted(by string) (string, bool) {
	kind, name, _ := strings.Cut(by, " ")
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return strings.ToLower(kind) + "/" + name, true
	}
	return "", false
}

func prefixed(with string, names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, with+name)
	}
	return out
}

// beside warns of Secrets that the same values take from the chart and that were not pushed.
func (p *pusher) beside(pushed []handover.Route) {
	var settings []handover.Setting
	for _, r := range pushed {
		for _, s := range r.Needs {
			settings = words.AddOnce(settings, s)
		}
	}
	var others []string
	for _, r := range p.all {
		known := slices.ContainsFunc(pushed, func(o handover.Route) bool { return o.Secret == r.Secret && o.Remote == r.Remote })
		taken := !slices.ContainsFunc(r.Needs, func(s handover.Setting) bool { return !slices.Contains(settings, s) })
		if !known && taken {
			others = words.AddOnce(others, r.Secret)
		}
	}
	if len(others) > 0 {
		p.warn("the values of the switch-over have External Secrets Operator make %s as well, which this run did not push: push them before you change the values", words.Few(others))
	}
}

// kubectl is a command for the same cluster and namespace.
func (p *pusher) kubectl(args ...string) string {
	out := []string{"kubectl"}
	s := p.Settings
	if s.Kubeconfig != "" {
		out = append(out, "--kubeconfig", s.Kubeconfig)
	}
	if s.Context != "" {
		out = append(out, "--context", s.Context)
	}
	return hint.Command(append(append(out, "-n", p.Target.Settings.Namespace), args...)...)
}

// upgrade are the commands that change the values, where Helm keeps the release.
func (p *pusher) upgrade(helm, deploys bool, settings []string) []string {
	if !helm {
		return nil
	}
	d, s := p.deployment, p.Settings
	local := p.ref.Chart != "" && render.OnDisk(p.ref.Chart)
	chart := p.ref.Chart
	if !local && !strings.Contains(chart, "/") { // of the chart's own repository
		chart = "gen3/" + cmp.Or(chart, "gen3")
	}
	out := []string{"helm", "upgrade", d.Release, chart, "-n", p.Target.Settings.Namespace}
	if d.Chart.Version != "" && !local {
		out = append(out, "--version", d.Chart.Version)
	}
	if s.Kubeconfig != "" {
		out = append(out, "--kubeconfig", s.Kubeconfig)
	}
	if s.Context != "" {
		out = append(out, "--kube-context", s.Context)
	}
	if d.Source == deployment.Release {
		out = append(out, "--reuse-values")
	}
	for _, file := range p.ref.Files {
		out = append(out, "-f", file)
	}
	var commands []string
	if deploys { // the chart has to be told of the store as well
		commands = append(commands, s.Invocation().Command("values", "-n", p.Target.Settings.Namespace)+" > "+fragment)
		out = append(out, "-f", fragment)
	}
	for _, setting := range settings {
		out = append(out, "--set", setting)
	}
	return append(commands, hint.Command(out...))
}

// fragment is the file for what values prints.
const fragment = "external-secrets.yaml"
