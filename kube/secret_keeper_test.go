package kube

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

func TestKeeper(t *testing.T) {
	t.Parallel()
	owned := func(kind string) metav1.ObjectMeta {
		return metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: kind, Name: "x"}}}
	}
	annotated := func(pairs map[string]string) metav1.ObjectMeta { return metav1.ObjectMeta{Annotations: pairs} }
	labelled := func(key, value string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Labels: map[string]string{key: value}}
	}
	for name, test := range map[string]struct {
		meta          metav1.ObjectMeta
		who, released string
	}{
		"nobody":          {},
		"us":              {meta: labelled(ManagedByLabel, ManagedBy)},
		"ExternalSecret":  {owned("ExternalSecret"), "ExternalSecret x", "global.aws.externalSecrets.enabled"},
		"another owner":   {owned("Vault"), "Vault x", "what Vault x makes"},
		"Helm":            {annotated(map[string]string{owner.ReleaseAnnotation: "gen3", owner.NamespaceAnnotation: "prod"}), "Helm release gen3 in namespace prod", "global.aws.awsAccessKeyId"},
		"Argo CD":         {annotated(map[string]string{"argocd.argoproj.io/tracking-id": "commons:/Secret:prod/gen3-aws-config"}), "Argo CD application commons", "global.aws.awsAccessKeyId"},
		"Argo CD, label":  {labelled("argocd.argoproj.io/instance", "commons"), "Argo CD application commons", "global.aws.awsAccessKeyId"},
		"Flux":            {labelled("helm.toolkit.fluxcd.io/name", "gen3"), "Flux HelmRelease /gen3", "global.aws.awsAccessKeyId"},
		"a label":         {labelled(ManagedByLabel, "Terraform"), "Terraform", "what Terraform makes"},
		"Helm's template": {labelled(ManagedByLabel, "Helm"), "Helm", "what Helm makes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who, released := keeper(&corev1.Secret{ObjectMeta: test.meta})
			if who != test.who || !strings.Contains(released, test.released) || (released == "") != (test.released == "") {
				t.Errorf("got %q, %q; want %q, %q", who, released, test.who, test.released)
			}
		})
	}
}
