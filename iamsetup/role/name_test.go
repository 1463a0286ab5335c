package role

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

func TestRoleName(t *testing.T) {
	const cluster = "0f8fad5b-d9cb-469f-a165-70867728950e"
	long := strings.Repeat("a", 60)
	for namespace, want := range map[string]string{
		"gen3":                  "external-secrets-gen3-0f8fad5b",
		strings.Repeat("a", 38): "external-secrets-" + strings.Repeat("a", 38) + "-0f8fad5b",
		long + "-b":             "external-secrets-" + strings.Repeat("a", 29) + "-27201dc4-0f8fad5b",
		long[:28] + "-" + long:  "external-secrets-" + strings.Repeat("a", 28) + "-8b57769c-0f8fad5b",
	} {
		got := DefaultName(iamsetup.Owner{Cluster: cluster, Namespace: namespace})
		if got != want || len(got) > roleNameMax {
			t.Errorf("%s: got %s (%d characters), want %s", namespace, got, len(got), want)
		}
	}
	if DefaultName(iamsetup.Owner{Cluster: cluster, Namespace: long + "-a"}) == DefaultName(iamsetup.Owner{Cluster: cluster, Namespace: long + "-b"}) {
		t.Error("two namespaces that begin alike share a role")
	}
}
