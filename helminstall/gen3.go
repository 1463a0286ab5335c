package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

// gen3Chart is the name of the umbrella chart, however its release is called.
const gen3Chart = "gen3"

// Gen3Release is a release of the gen3 chart, as far as its use of External Secrets goes.
type Gen3Release struct {
	Name    string
	Version string   // of the chart
	APIs    []string // API versions of its ExternalSecrets and SecretStores, such as v1beta1; none when it has no such objects

	LocalSecret bool // its values switch global.aws.useLocalSecret on
	Crossplane  bool // and global.crossplane
}

// FindGen3 looks for the gen3 release of a namespace, in its deployed revision or else, where none came that far, in its
// newest; nil when there is none that Helm installed, or when its Secrets may not be listed.
func FindGen3(ctx context.Context, client kubernetes.Interface, namespace string) (*Gen3Release, error) {
	// Helm's labels do not name the chart, so each release of the namespace has to be read.
	list, err := client.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,status in (deployed,failed,pending-install,pending-upgrade,pending-rollback)"})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the gen3 release in namespace %s: %w", namespace, err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Secret) int {
		return cmp.Or(inUse(&a)-inUse(&b), revision(&b)-revision(&a))
	})
	for i := range list.Items {
		if list.Items[i].Type != "helm.sh/release.v1" {
			continue
		}
		if found := gen3In(&list.Items[i]); found != nil {
			return found, nil
		}
	}
	return nil, nil
}

// inUse is less for a revision that is deployed.
func inUse(s *corev1.Secret) int {
	if s.Labels["status"] == release.StatusDeployed.String() {
		return 0
	}
	return 1
}

// gen3In passes over what it cannot decode: it is some other release, and none of our business.
func gen3In(secret *corev1.Secret) *Gen3Release {
	r, err := decodeRecord(secret.Data["release"])
	if err != nil || r.Chart.Metadata.Name != gen3Chart {
		return nil
	}
	on := func(path ...string) bool {
		set, _, _ := unstructured.NestedBool(r.Config, path...) // of another type it is off
		return set
	}
	return &Gen3Release{
		Name: r.Name, Version: r.Chart.Metadata.Version, APIs: externalAPIs(r.Manifest),
		LocalSecret: on("global", "aws", "useLocalSecret", "enabled"), Crossplane: on("global", "crossplane", "enabled"),
	}
}

// externalAPIs are the versions in which a manifest has ExternalSecrets and SecretStores.
func externalAPIs(manifest string) []string {
	version := regexp.MustCompile(`(?m)^apiVersion: *["']?external-secrets\.io/(\w+)`)
	var out []string
	for _, doc := range documents(manifest) {
		if !ofKind(doc, "ExternalSecret") && !ofKind(doc, "SecretStore") {
			continue
		}
		if found := version.FindStringSubmatch(doc); found != nil {
			out = append(out, found[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
