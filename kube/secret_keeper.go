package kube

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The marks by which others tell what they manage.
const (
	helmName      = "meta.helm.sh/release-name"
	helmNamespace = "meta.helm.sh/release-namespace"
	// https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
	argoTracking = "argocd.argoproj.io/tracking-id" // "<application>:<group>/<kind>:<namespace>/<name>"
	argoInstance = "argocd.argoproj.io/instance"
)

// The values by which the gen3 chart makes gen3-aws-config, and each of its subcharts the like of it:
// https://github.com/uc-cdis/gen3-helm, helm/common/templates/_aws_config.tpl.
const (
	gen3Keys   = "for the gen3 chart: global.aws.awsAccessKeyId and global.aws.awsSecretAccessKey, or secrets.awsAccessKeyId and secrets.awsSecretAccessKey"
	gen3Remote = "for the gen3 chart: set global.aws.externalSecrets.enabled to false"
)

// keeper names who else writes a Secret, so that two writers never fight over it, and what to change so that he stops.
func keeper(secret *corev1.Secret) (who, release string) {
	if len(secret.OwnerReferences) > 0 {
		owner := secret.OwnerReferences[0]
		who = owner.Kind + " " + owner.Name
		if owner.Kind == "ExternalSecret" {
			return who, "remove " + who + " (" + gen3Remote + ")"
		}
		return who, "take the Secret out of what " + who + " makes"
	}
	if who = deployer(secret); who != "" {
		return who, "remove the keys from the values of " + who + " and deploy it again (" + gen3Keys + ")"
	}
	label := secret.Labels[ManagedByLabel]
	if label == "" || label == ManagedBy {
		return "", ""
	}
	return label, "take the Secret out of what " + label + " makes, as its label " + ManagedByLabel + " says"
}

// deployer is the release or application that renders the Secret from values.
func deployer(secret *corev1.Secret) string {
	if release := secret.Annotations[helmName]; release != "" {
		return "Helm release " + secret.Annotations[helmNamespace] + "/" + release
	}
	application, _, _ := strings.Cut(secret.Annotations[argoTracking], ":")
	if application == "" {
		application = secret.Labels[argoInstance]
	}
	if application != "" {
		return "Argo CD application " + application
	}
	return ""
}
