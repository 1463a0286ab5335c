package charts

import (
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// testConditions checks what values decide about CRDs.
func testConditions(t *testing.T, dir string) {
	if got := render(t, dir, "0.16.2", map[string]any{"installCRDs": false}); len(got) != 0 {
		t.Errorf("installCRDs=false: got %d CRDs", len(got))
	}
	got := render(t, dir, "0.16.2", map[string]any{"crds": map[string]any{
		"createPushSecret": false,
		"annotations":      map[string]any{"helm.sh/resource-policy": "keep"},
		"conversion":       map[string]any{"enabled": true},
	}})
	if _, ok := got["pushsecret.yaml"]; ok {
		t.Error("createPushSecret=false: the CRD is still there")
	}
	for name, content := range got {
		var c crd
		if err := yaml.Unmarshal([]byte(content), &c); err != nil {
			t.Fatal(err)
		}
		if c.Metadata.Annotations["helm.sh/resource-policy"] != "keep" {
			t.Errorf("%s has annotations %v", name, c.Metadata.Annotations)
		}
		if c.Spec["conversion"] == nil {
			t.Errorf("%s has no conversion", name)
		}
	}
}

// testServed checks what differs between the versions.
func testServed(t *testing.T, dir string) {
	for version, want := range map[string][]string{
		"0.15.1": {"v1beta1"},
		"0.16.1": {"v1", "v1beta1"},
		"0.16.2": {"v1", "v1beta1"},
		"0.17.0": {"v1"},
	} {
		var c crd
		if err := yaml.Unmarshal([]byte(render(t, dir, version, nil)["externalsecret.yaml"]), &c); err != nil {
			t.Fatal(err)
		}
		var served []string
		for _, name := range []string{"v1", "v1beta1"} {
			if v := c.version(name); v != nil && v["served"] == true {
				served = append(served, name)
			}
		}
		if !slices.Equal(served, want) {
			t.Errorf("%s serves %v, want %v", version, served, want)
		}
	}
}
