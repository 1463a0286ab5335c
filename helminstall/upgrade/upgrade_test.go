package upgrade_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/metadata/fake"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/upgrade"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// chart is what one makes: a CRD that serves these versions, and a Deployment.
func chart(image string, served ...string) []string {
	var crd strings.Builder
	crd.WriteString("\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: external-secrets.io\n  names: {kind: ExternalSecret, plural: externalsecrets}\n  versions:\n")
	for _, version := range []string{"v1beta1", "v1"} {
		is := "false"
		if strings.Contains(strings.Join(served, " "), version) {
			is = "true"
		}
		crd.WriteString("  - {name: " + version + ", served: " + is + "}\n")
	}
	return []string{crd.String(), "\nkind: Deployment\nspec: {template: {spec: {containers: [{image: \"" + image + "\"}]}}}\n"}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	object := func(namespace, name, manager, version string) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "external-secrets.io/v1beta1", Kind: "ExternalSecret"},
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: manager, APIVersion: "external-secrets.io/" + version},
				{Manager: "external-secrets", APIVersion: "external-secrets.io/v1beta1"}, // the operator follows
			}},
		}
	}
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	client := fake.NewSimpleMetadataClient(scheme, object("a", "fence", "helm", "v1beta1"), object("a", "indexd", "helm", "v1"), object("b", "x", "argocd-controller", "v1beta1"))
	u := upgrade.Compare(chart("eso:v0.16.2", "v1beta1", "v1"), chart("eso:v0.17.0", "v1"))
	warnings, err := u.Ask(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Field{
		{Name: "CRDs", Before: []string{"externalsecrets.external-secrets.io serves v1beta1, v1"}, After: []string{"externalsecrets.external-secrets.io serves v1"}},
		{Name: "images", Before: []string{"eso:v0.16.2"}, After: []string{"eso:v0.17.0"}},
		{Name: upgrade.Users, Before: []string{"namespace a: 2 ExternalSecrets", "namespace b: 1 ExternalSecret"}, After: []string{"namespace a: 2 ExternalSecrets", "namespace b: 1 ExternalSecret"}},
	}
	if diff := cmp.Diff(want, u.Fields); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "external-secrets.io/v1beta1") || !strings.Contains(warnings[0], "2 objects are applied in it: ExternalSecret a/fence (helm), ExternalSecret b/x (argocd-controller)") {
		t.Errorf("%q", warnings)
	}
	same := upgrade.Compare(chart("eso:v1", "v1"), chart("eso:v1", "v1"))
	if len(same.Fields)+len(same.Gone) > 0 {
		t.Errorf("%+v", same)
	}
}
