// Package owner tells who put an object into a cluster, by the marks that deployment tools leave on it.
package owner

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owner is who put an object into the cluster, as far as its metadata tells.
type Owner struct {
	Release   string // Helm release, or ""
	Namespace string // of the release
	ArgoApp   string // Argo CD application, or ""
	Flux      string // Flux HelmRelease as namespace/name, or ""
	Rendered  string // app.kubernetes.io/instance of a chart that was applied without Helm, or ""
}

// The marks of Helm, and of Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
const (
	ReleaseAnnotation   = "meta.helm.sh/release-name"
	NamespaceAnnotation = "meta.helm.sh/release-namespace" // of the release
	argoTracking        = "argocd.argoproj.io/tracking-id" // "<application>:<group>/<kind>:<namespace>/<name>"
	argoInstance        = "argocd.argoproj.io/instance"
	managedByLabel      = "app.kubernetes.io/managed-by"
	instanceLabel       = "app.kubernetes.io/instance"
	fluxName            = "helm.toolkit.fluxcd.io/name"
	fluxNamespace       = "helm.toolkit.fluxcd.io/namespace"
)

// Labels are those that Of reads.
func Labels() []string {
	return []string{argoInstance, managedByLabel, instanceLabel, fluxName, fluxNamespace}
}

// Annotations are those that Of reads.
func Annotations() []string {
	return []string{ReleaseAnnotation, NamespaceAnnotation, argoTracking}
}

// Of reads the marks of Helm, Argo CD and Flux.
func Of(m metav1.ObjectMeta) Owner {
	o := Owner{Release: m.Annotations[ReleaseAnnotation], Namespace: m.Annotations[NamespaceAnnotation]}
	app, _, _ := strings.Cut(m.Annotations[argoTracking], ":")
	o.ArgoApp = cmp.Or(app, m.Labels[argoInstance])
	if name := m.Labels[fluxName]; name != "" {
		o.Flux = m.Labels[fluxNamespace] + "/" + name
	}
	if o.Release == "" && m.Labels[managedByLabel] == "Helm" {
		o.Rendered = m.Labels[instanceLabel]
	}
	return o
}

// Of reports whether the object belongs to the given Helm release.
func (o Owner) Of(release, namespace string) bool {
	return o.Release == release && o.Namespace == namespace
}

// GitOps reports whether a controller keeps the object as a repository says, and would undo what others change.
func (o Owner) GitOps() bool { return o.ArgoApp != "" || o.Flux != "" }

// String says it in words for an operator.
func (o Owner) String() string {
	switch {
	case o.ArgoApp != "":
		return "Argo CD application " + o.ArgoApp
	case o.Flux != "":
		return "Flux HelmRelease " + o.Flux
	case o.Release != "":
		return fmt.Sprintf("Helm release %s in namespace %s", o.Release, o.Namespace)
	case o.Rendered != "":
		return fmt.Sprintf("a chart applied without Helm (instance %s; Argo CD does so)", o.Rendered)
	}
	return "somebody unknown (no mark of Helm, Argo CD or Flux)"
}
