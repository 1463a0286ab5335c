package secrets

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/handover"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
)

// TestSwitchOver: the commands by who keeps the Secrets, and by where the chart comes from.
func TestSwitchOver(t *testing.T) {
	t.Parallel()
	local := handover.Setting{Path: "global.externalSecrets.createLocalK8sSecret"}
	on := handover.Setting{Path: "global.externalSecrets.deploy", Value: true}
	read := gen3.Reader{Secret: "fence-dbcreds", By: "Deployment fence", Via: gen3.ViaEnv}
	const annotate, set = "kubectl -n gen3 annotate secret fence-dbcreds ", "--set global.externalSecrets.createLocalK8sSecret=false"
	const wait, restart = "kubectl -n gen3 wait --for=condition=Ready --timeout=5m externalsecret/fence-db", "kubectl -n gen3 rollout restart deployment/fence"
	for name, c := range map[string]struct {
		live   liveSecret
		needs  handover.Setting
		ref    deployment.Ref
		source string
		also   bool // another Secret changes hands by the same values
		want   []string
	}{
		"Helm, from files": {
			live: liveSecret{helm: true}, needs: local, ref: deployment.Ref{Files: []string{"a.yaml", "b c.yaml"}}, source: deployment.Files,
			want: []string{annotate + "helm.sh/resource-policy=keep --overwrite", "helm upgrade gen3 gen3/gen3 -n gen3 --version 0.3.90 -f a.yaml -f 'b c.yaml' " + set, wait, restart},
		},
		"Helm, from its release": {
			live: liveSecret{helm: true}, needs: local, source: deployment.Release,
			want: []string{annotate + "helm.sh/resource-policy=keep --overwrite", "helm upgrade gen3 gen3/gen3 -n gen3 --version 0.3.90 --reuse-values " + set, wait, restart},
		},
		"a chart on disk": {
			live: liveSecret{helm: true}, needs: local, ref: deployment.Ref{Chart: "./gen3"}, source: deployment.Release,
			want: []string{annotate + "helm.sh/resource-policy=keep --overwrite", "helm upgrade gen3 ./gen3 -n gen3 --reuse-values " + set, wait, restart},
		},
		"a chart in a registry": {
			live: liveSecret{helm: true}, needs: local, ref: deployment.Ref{Chart: "oci://example.org/gen3"}, source: deployment.Release,
			want: []string{annotate + "helm.sh/resource-policy=keep --overwrite", "helm upgrade gen3 oci://example.org/gen3 -n gen3 --version 0.3.90 --reuse-values " + set, wait, restart},
		},
		"Argo CD": {
			live: liveSecret{argo: true}, needs: local, source: deployment.Files,
			want: []string{annotate + "argocd.argoproj.io/sync-options=Prune=false --overwrite", wait, restart},
		},
		"nobody": {needs: local, source: deployment.Files, want: []string{wait, restart}, also: true},
		"External Secrets are off": {
			live: liveSecret{helm: true}, needs: on, source: deployment.Release, want: []string{
				annotate + "helm.sh/resource-policy=keep --overwrite", "gen3-bootstrap values -n gen3 --account 1 > external-secrets.yaml",
				"helm upgrade gen3 gen3/gen3 -n gen3 --version 0.3.90 --reuse-values -f external-secrets.yaml --set global.externalSecrets.deploy=true", wait, restart,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bootstrap.Settings{Account: "1", Namespace: "gen3"}
			p := &pusher{writer: newWriter("secrets push", s, WriteOptions{}, bootstrap.Env{}), ref: c.ref}
			p.Target = &bootstrap.Target{Settings: s}
			p.deployment = &deployment.Deployment{Source: c.source, Release: "gen3", Chart: deployment.Chart{Version: "0.3.90"}}
			route := handover.Route{Secret: "fence-dbcreds", Remote: "fence", By: "fence-db", Needs: []handover.Setting{c.needs}, Readers: []gen3.Reader{read, {By: "Job x", Via: gen3.ViaEnv}, {By: "Deployment y", Via: gen3.ViaVolume}}}
			p.routes, p.all, p.live = []handover.Route{route}, []handover.Route{route}, map[string]liveSecret{"fence-dbcreds": c.live}
			if c.also {
				p.all = append(p.all, handover.Route{Secret: "indexd-dbcreds", Remote: "indexd", Needs: []handover.Setting{c.needs}})
			}
			p.switchOver([]writing.Item{{Name: "fence"}})
			var got []string
			for _, step := range p.next {
				got = append(got, step.Commands...)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if warned := strings.Contains(strings.Join(bootstrap.Messages(p.Result.Warnings), ""), "make indexd-dbcreds as well"); warned != c.also {
				t.Errorf("%q", p.Result.Warnings)
			}
			if !slices.ContainsFunc(p.next, func(i Instruction) bool {
				return len(i.Values) == 1 && strings.HasPrefix(i.Values[0], c.needs.Path+"=")
			}) {
				t.Errorf("%+v", p.next)
			}
		})
	}
}
