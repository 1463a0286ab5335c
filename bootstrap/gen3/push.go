package gen3

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// pushesOf names what makes PushSecrets: the value pushSecret, of all charts or of one, which jobs act on as well, and the objects that
// the manifest has anyway.
func pushesOf(r *stored.Record) []string {
	var out []string
	for _, chart := range slices.Sorted(maps.Keys(r.Config)) { // a subchart, or global
		if values, ok := r.Config[chart].(map[string]any); ok && isOn(values, "externalSecrets", "pushSecret") {
			out = append(out, chart+".externalSecrets.pushSecret")
		}
	}
	isPush := func(doc string) bool { return stored.OfKind(doc, "PushSecret") }
	if len(out) == 0 && slices.ContainsFunc(stored.Documents(r.Manifest), isPush) {
		out = append(out, "PushSecrets")
	}
	return out
}

// isOn reports what a template takes for true: there, any text is, "false" as well.
func isOn(values map[string]any, path ...string) bool {
	set, _, _ := unstructured.NestedFieldNoCopy(values, path...)
	text, _ := set.(string)
	return set == true || text != ""
}

// PushesInVain says that a release pushes secrets, for a policy that lets nothing be written; "" where it does not push.
func PushesInVain(found *Release) string {
	if found == nil || len(found.Pushes) == 0 {
		return ""
	}
	return fmt.Sprintf("release %s has %s, and the operator may write no secret: up --allow-push lets it", found.Name, words.Few(found.Pushes))
}

// StoreMissing says that a release reads from a ClusterSecretStore that nobody has made.
func StoreMissing(found *Release) string {
	return fmt.Sprintf("release %s names ClusterSecretStore %s in its values (global.externalSecrets.clusterSecretStoreRef), and there is none: neither the gen3 chart nor gen3-bootstrap makes one; take the value out, or make the store",
		found.Name, words.Brief(found.ClusterStore))
}
