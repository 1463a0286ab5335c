package charts

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"
)

// crd is a CustomResourceDefinition: typed where it is read, a tree elsewhere,
// so that nothing of it is lost.
type crd struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   crdMetadata    `json:"metadata"`
	Spec       map[string]any `json:"spec"`
}

type crdMetadata struct {
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels,omitempty"`
	Name        string            `json:"name"`
}

// splitCRDs reads a stream of YAML documents.
func splitCRDs(bundle []byte) ([]*crd, error) {
	var crds []*crd
	for doc := range bytes.SplitSeq(bundle, []byte("\n---\n")) {
		c := &crd{}
		if err := yaml.UnmarshalStrict(doc, c); err != nil {
			return nil, fmt.Errorf("parse CRD: %w", err)
		}
		crds = append(crds, c)
	}
	return crds, nil
}

func (c *crd) name(which string) string {
	names, _ := c.Spec["names"].(map[string]any)
	name, _ := names[which].(string)
	return name
}

func (c *crd) singular() string { return c.name("singular") }

// version is the one entry of spec.versions by that name, or nil.
func (c *crd) version(name string) map[string]any {
	versions, _ := c.Spec["versions"].([]any)
	for _, v := range versions {
		if version, ok := v.(map[string]any); ok && version["name"] == name {
			return version
		}
	}
	return nil
}

// keepOnlyV1Beta1 undoes the promotion to v1, as before 0.16.
func (c *crd) keepOnlyV1Beta1() {
	v := c.version("v1beta1")
	if v == nil {
		return
	}
	v["storage"] = true
	delete(v, "deprecated")
	delete(v, "deprecationWarning")
	c.Spec["versions"] = []any{v}
}

// stopServingV1Beta1 keeps v1beta1 for stored objects only, as from 0.17 on.
func (c *crd) stopServingV1Beta1() {
	if v := c.version("v1beta1"); v != nil {
		v["served"] = false
	}
}
