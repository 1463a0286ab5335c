package helminstall

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
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
	namespaces := slices.Sorted(maps.Keys(names))
	for _, ns := range namespaces[:min(len(namespaces), maxStopped)] {
		all := names[ns]
		out = append(out, fmt.Sprintf("scaled to 0 replicas, and so serving nothing, in namespace %s: deployment %s; "+
			"a run with nothing to change leaves it so; to start it again: %s",
			ns, words.Few(all), hint.Command(slices.Concat([]string{"kubectl", "-n", ns, "scale", "deployment"}, all[:min(len(all), maxStopped)], []string{"--replicas=1"})...)))
	}
	if more := len(namespaces) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("Deployments of the operator are scaled to 0 replicas in %s more", words.Counted(more, "namespace")))
	}
	return out
}

// maxStopped is how many namespaces, and Deployments of each, are named.
const maxStopped = 10
