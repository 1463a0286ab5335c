package helminstall

import (
	"bytes"
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
	if keepsCRDs(twoObjects) {
		t.Error("an unannotated CRD counts as kept")
	}
	out, err := keepCRDs{}.Run(bytes.NewBufferString(twoObjects))
	must(t, err)
	if got := out.String(); !keepsCRDs(got) || !strings.Contains(got, "helm.sh/resource-policy: keep") {
		t.Error(got)
	}
	if !strings.Contains(out.String(), "9223372036854775807") {
		t.Error("a whole number came out as another")
	}
	if strings.Count(out.String(), "resource-policy") != 1 {
		t.Error("more than the CRD is annotated")
	}
	again, err := keepManifest(out.String())
	must(t, err)
	if diff := cmp.Diff(out.String(), again); diff != "" {
		t.Error(diff)
	}
}

func TestKeepManifestLeavesAnotherPolicy(t *testing.T) {
	text := strings.Replace(twoObjects, "  name: things", "  annotations: {helm.sh/resource-policy: delete}\n  name: things", 1)
	got, err := keepManifest(text)
	must(t, err)
	if got != text {
		t.Error(got)
	}
}

func TestDeploymentsOf(t *testing.T) {
	text := twoObjects + "---\nkind: \"Deployment\"\nmetadata: {name: b, namespace: other}\n---\nkind: List\nnote: |\n  kind: Deployment\n"
	want := []object{{"ns", "mini"}, {"other", "b"}}
	if diff := cmp.Diff(want, deploymentsOf(text, "ns"), cmp.AllowUnexported(object{})); diff != "" {
		t.Error(diff)
	}
	if got := deploymentsOf("", "ns"); got != nil {
		t.Error(got)
	}
}
