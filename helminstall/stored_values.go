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

	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// storageIsOurs reports whether what Helm stores of the release can be used as it is: its namespace was made for it, so that
// nobody but its administrators writes Secrets there. Elsewhere the stored chart is not rendered, and the stored values are
// looked at first, see checkStoredValues.
func (o *Observed) storageIsOurs() bool { return o.NamespaceNames }

// checkTemplates refuses templates among stored values, before they are rendered: they can read whatever this run's caller may
// read (Helm's function lookup), and take as long as they like.
func (s *Step) checkTemplates() error {
	given, keys, err := s.unprovenValues()
	if err != nil || len(keys) == 0 {
		return err
	}
	known := templatesIn(given)
	if !slices.ContainsFunc(templatesIn(s.wantedValues()), func(text string) bool { return !slices.Contains(known, text) }) {
		return nil
	}
	return s.refuseStored(keys, "hold templates")
}

// checkStoredValues refuses stored values that make the chart ask for other objects than whoever may edit the release's namespace
// could make or delete alone: they can write the Secret that keeps those values, and this run would do it for them. What
// the run's own values ask for is its own business.
func (s *Step) checkStoredValues(ctx context.Context, made *rendering) error {
	given, keys, err := s.unprovenValues()
	if err != nil || len(keys) == 0 {
		return err
	}
	known := s.documentsOf(ctx, made.chart, given)
	differ := append(s.beyondEdit(made.documents, known), s.beyondEdit(known, made.documents)...)
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	return s.refuseStored(keys, "change "+words.Few(slices.Compact(differ)))
}

// unprovenValues are the values that the run gives, and the keys at which those of the release differ, where others may have
// written what is stored.
func (s *Step) unprovenValues() (given map[string]any, keys []string, err error) {
	if s.seen.storageIsOurs() || s.seen.gone() {
		return nil, nil, nil
	}
	given = s.Inputs.values
	if !s.verdict.FinishOnly {
		given = helmvalues.Merge(baseValues(), given)
	}
	if given, err = normal(given); err != nil {
		return nil, nil, err
	}
	return given, changedKeys(given, s.wantedValues()), nil
}

func (s *Step) refuseStored(keys []string, does string) error {
	r := s.seen.Release
	return hint.Refuse(fmt.Errorf("values that are stored with the release, and were not given to this run (%s), %s; "+
		"namespace %s was not made for the release, so that others may have written them", words.Few(keys), does, r.Namespace),
		"look at them with: "+hint.Command("helm", "get", "values", r.Name, "--namespace", r.Namespace)+"; give those that are right with --values")
}

// templatesIn are the texts in values that Helm may take for templates.
func templatesIn(value any) []string {
	var out []string
	switch v := value.(type) {
	case string:
		if strings.Contains(v, "{{") {
			out = append(out, v)
		}
	case []any:
		for _, item := range v {
			out = append(out, templatesIn(item)...)
		}
	case map[string]any:
		for key, item := range v {
			out = append(append(out, templatesIn(key)...), templatesIn(item)...)
		}
	}
	return out
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
