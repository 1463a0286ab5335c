package stored

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func TestKeepManifest(t *testing.T) {
	if KeepsCRDs(charttest.TwoObjects) {
		t.Error("an unannotated CRD counts as kept")
	}
	got, err := KeepCRDs(charttest.TwoObjects)
	kubetest.Must(t, err)
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
	kubetest.Must(t, err)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Error(diff)
	}
}

func TestKeepManifestLeavesAnotherPolicy(t *testing.T) {
	text := strings.Replace(charttest.TwoObjects, "  name: things", "  annotations: {helm.sh/resource-policy: delete}\n  name: things", 1)
	got, err := KeepCRDs(text)
	kubetest.Must(t, err)
	if got != text {
		t.Error(got)
	}
}

func TestDeploymentsOf(t *testing.T) {
	text := charttest.TwoObjects + "---\nkind: \"Deployment\"\nmetadata: {name: b, namespace: other}\n---\nkind: List\nnote: |\n  kind: Deployment\n"
	want := []Object{{"ns", "mini"}, {"other", "b"}}
	if diff := cmp.Diff(want, Deployments(text, "ns"), cmp.AllowUnexported(Object{})); diff != "" {
		t.Error(diff)
	}
	if got := Deployments("", "ns"); got != nil {
		t.Error(got)
	}
}
