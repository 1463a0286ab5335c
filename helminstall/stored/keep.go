package stored

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// CRDKind is the kind of a custom resource definition.
const CRDKind = "CustomResourceDefinition"

// KeepsCRDs reports whether uninstalling a release with this manifest would leave its CRDs. Helm reads the annotation
// from the stored manifest: what the live objects carry does not count.
func KeepsCRDs(manifest string) bool {
	for _, doc := range Documents(manifest) {
		if OfKind(doc, CRDKind) && !strings.Contains(doc, kube.ResourcePolicyAnno) {
			return false
		}
	}
	return true
}

// KeepCRDs annotates the CRDs of a manifest. An annotation that is there, whatever it says, is the operator's will.
func KeepCRDs(manifest string) (string, error) {
	if KeepsCRDs(manifest) {
		return manifest, nil
	}
	var out strings.Builder
	for _, doc := range Documents(manifest) {
		if OfKind(doc, CRDKind) && !strings.Contains(doc, kube.ResourcePolicyAnno) {
			annotated, err := annotate(doc)
			if err != nil {
				return "", fmt.Errorf("annotate CRD: %w", err)
			}
			doc = "\n" + annotated
		}
		out.WriteString("---" + doc + "\n")
	}
	return out.String(), nil
}

// annotate goes through the decoder that keeps whole numbers whole: schemas hold some that float64 cannot.
func annotate(doc string) (string, error) {
	data, err := yaml.YAMLToJSON([]byte(doc))
	if err != nil {
		return "", err
	}
	obj := map[string]any{}
	if err := utiljson.Unmarshal(data, &obj); err != nil {
		return "", err
	}
	if err := unstructured.SetNestedField(obj, kube.KeepPolicy, "metadata", "annotations", kube.ResourcePolicyAnno); err != nil {
		return "", err
	}
	text, err := yaml.Marshal(obj)
	return string(text), err
}
