package stored

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoObjects = `---
# Source: mini/templates/crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.org
spec:
  maximum: 9223372036854775807
---
# Source: mini/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: mini
`

func TestKeepManifest(t *testing.T) {
	if KeepsCRDs(twoObjects) {
		t.Error("an unannotated CRD counts as kept")
	}
	got, err := KeepCRDs(twoObjects)
	must(t, err)
	if !KeepsCRDs(got) || !strings.Contains(got, "helm.sh/resource-policy: keep") {
		t.Error(got)
	}
	if !strings.Contains(got, "9223372036854775807") {
		t.Error("a whole number came out as another")
	}
	if strings.Count(got, "resource-policy") != 1 {
		t.Error("more than the CRD is annotated")
	}
	again, err := KeepCRDs(got)
	must(t, err)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Error(diff)
	}
}

func TestKeepManifestLeavesAnotherPolicy(t *testing.T) {
	text := strings.Replace(twoObjects, "  name: things", "  annotations: {helm.sh/resource-policy: delete}\n  name: things", 1)
	got, err := KeepCRDs(text)
	must(t, err)
	if got != text {
		t.Error(got)
	}
}

func TestDeploymentsOf(t *testing.T) {
	text := twoObjects + "---\nkind: \"Deployment\"\nmetadata: {name: b, namespace: other}\n---\nkind: List\nnote: |\n  kind: Deployment\n"
	want := []Object{{"ns", "mini"}, {"other", "b"}}
	if diff := cmp.Diff(want, Deployments(text, "ns"), cmp.AllowUnexported(Object{})); diff != "" {
		t.Error(diff)
	}
	if got := Deployments("", "ns"); got != nil {
		t.Error(got)
	}
}
