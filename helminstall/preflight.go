package helminstall

import (
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// preflight judges what the chart's objects would meet, after they were read ahead and before anything is stored.
func (s *Step) preflight(list kube.ResourceList, reads *readAhead) error {
	var taken []string
	var by, proven owner.Owner
	for _, info := range list {
		live := reads.live(info)
		if live == nil {
			continue
		}
		if !s.mayTake(info, live) {
			taken, by = append(taken, named(info)), owner.Of(live.Metadata)
			if !info.Namespaced() { // a tenant can put any release's name on an object of a namespace
				proven = by
			}
			continue
		}
		if info.Mapping.GroupVersionKind.Kind != stored.CRDKind {
			continue
		}
		if err := storedVersionsServed(info.Name, live.Status.StoredVersions, versionsIn(info.Object)); err != nil {
			return err
		}
	}
	if len(taken) > 0 {
		return hint.With(takenError{fmt.Errorf("%s exists and belongs to %s", words.Few(taken), by)},
			"if it is a rest of an operator that is gone, delete it"+installAs(proven))
	}
	return nil
}

func installAs(by owner.Owner) string {
	if by.Release == "" {
		return ""
	}
	return "; or install as that release: " + hint.Command("--release", by.Release, "--release-namespace", by.Namespace)
}

// mayTake keeps what names another release from an upgrade, whatever the stored manifest says. For an install it narrows
// Helm's TakeOwnership, which would seize whatever has a name of the chart's, to what it is switched on for: CRDs, and with
// --adopt the webhooks that went with them. Without it Helm would refuse as well, but not so that anybody could tell what to
// do.
func (s *Step) mayTake(info *resource.Info, live *rawCRD) bool {
	by := owner.Of(live.Metadata)
	switch {
	case by.Of(s.Settings.Release, s.Namespace):
		return true
	case s.verdict.Action != plan.Create: // Helm judges what is new; what is in the stored manifest may be another's all the same
		return by.Release == ""
	}
	switch info.Mapping.GroupVersionKind.Kind {
	case stored.CRDKind:
		return s.verdict.TakeOwnership
	case webhookKind:
		return s.verdict.TakeOwnership && s.Adopt
	}
	return false
}

func versionsIn(obj runtime.Object) []string {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	list, _, _ := unstructured.NestedSlice(u.Object, "spec", "versions")
	var out []string
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			name, _ := m["name"].(string)
			out = append(out, name)
		}
	}
	return out
}
