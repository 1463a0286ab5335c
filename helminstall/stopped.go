package helminstall

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// stopped warns of Deployments that want no replicas, one line for each namespace. What a person scaled is not scaled
// back: who did it had a reason, and an upgrade that is due anyway sets what the chart says.
func stopped(deployments map[string]*appsv1.Deployment) []string {
	names := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(deployments)) {
		if d := deployments[key]; wantedReplicas(d) == 0 {
			names[d.Namespace] = append(names[d.Namespace], d.Name)
		}
	}
	var out []string
	for _, ns := range slices.Sorted(maps.Keys(names)) {
		all := names[ns]
		out = append(out, fmt.Sprintf("scaled to 0 replicas, and so serving nothing, in namespace %s: deployment/%s; "+
			"a run with nothing to change leaves it so; to start it again: %s",
			ns, strings.Join(all, ", deployment/"), hint.Command(slices.Concat([]string{"kubectl", "-n", ns, "scale", "deployment"}, all, []string{"--replicas=1"})...)))
	}
	return out
}
