package helminstall

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// storageIsOurs reports whether what Helm stores of the release can be used as it is: its namespace was made for it, so that
// nobody but its administrators writes Secrets there. Elsewhere the stored chart is not rendered, and the stored values are
// looked at first, see checkStoredValues.
func (o *Observed) storageIsOurs() bool { return o.NamespaceNames }

// checkStoredValues refuses stored values that make the chart ask for more than whoever may edit the release's namespace
// could make alone: they can write the Secret that keeps those values, and this run would create it for them. What the run's own
// values ask for as well is its own business.
func (s *Step) checkStoredValues(ctx context.Context, made *rendering) error {
	if s.seen.storageIsOurs() || s.seen.gone() {
		return nil
	}
	given := s.Inputs.values
	if !s.verdict.Theirs {
		given = mergeValues(baseValues(), given)
	}
	given, err := normal(given)
	if err != nil {
		return err
	}
	keys := changedKeys(given, s.wantedValues())
	if len(keys) == 0 {
		return nil
	}
	more := s.beyondEdit(made.documents, s.documentsOf(ctx, made.chart, given))
	if len(more) == 0 {
		return nil
	}
	r := s.seen.Release
	return refuse(fmt.Errorf("values that are stored with the release, and were not given to this run (%s), make the chart create or change %s; "+
		"namespace %s was not made for the release, so that others may have written them", words.Few(keys), words.Few(more), r.Namespace),
		"look at them with: "+hint.Command("helm", "get", "values", r.Name, "--namespace", r.Namespace)+"; give those that are right with --values")
}

// documentsOf is what the chart makes of values. A chart that refuses them makes nothing that could be compared with.
func (s *Step) documentsOf(ctx context.Context, loaded *chart.Chart, values map[string]any) []string {
	docs, err := s.renderChart(ctx, loaded, values)
	if err != nil {
		return nil
	}
	return docs
}

// beyondEdit names the objects among docs that are not in known, and that ClusterRole edit would not let somebody make in the
// release's namespace.
func (s *Step) beyondEdit(docs, known []string) []string {
	var out []string
	for _, doc := range docs {
		if slices.Contains(known, doc) {
			continue
		}
		// Read as the API server reads it, which tells the case of keys apart.
		var object unstructured.Unstructured
		if yaml.Unmarshal([]byte(doc), &object.Object) != nil || len(object.Object) == 0 {
			continue // a comment, or what Helm itself refuses
		}
		kind, namespace := object.GroupVersionKind().GroupKind(), object.GetNamespace()
		if slices.Contains(editable(), kind) && (namespace == "" || namespace == s.Namespace) {
			continue
		}
		out = append(out, strings.ToLower(kind.Kind)+"/"+object.GetName())
	}
	return out
}

// editable are kinds that ClusterRole edit lets its holders write, as far as a chart of the operator has them
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles).
func editable() []schema.GroupKind {
	return []schema.GroupKind{
		{Kind: "ConfigMap"},
		{Kind: "Secret"},
		{Kind: "Service"},
		{Kind: "ServiceAccount"},
		{Group: "apps", Kind: "Deployment"},
		{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"},
		{Group: "networking.k8s.io", Kind: "NetworkPolicy"},
		{Group: "policy", Kind: "PodDisruptionBudget"},
	}
}
