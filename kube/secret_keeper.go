package kube

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
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
		first := secret.OwnerReferences[0]
		who = first.Kind + " " + first.Name
		if first.Kind == "ExternalSecret" {
			return who, "remove " + who + " (" + gen3Remote + ")"
		}
		return who, "take the Secret out of what " + who + " makes"
	}
	by := owner.Of(secret.ObjectMeta)
	if by.Release != "" || by.ArgoApp != "" || by.Flux != "" {
		return by.String(), "remove the keys from the values of " + by.String() + " and deploy it again (" + gen3Keys + ")"
	}
	label := secret.Labels[ManagedByLabel]
	if label == "" || label == ManagedBy {
		return "", ""
	}
	return label, "take the Secret out of what " + label + " makes, as its label " + ManagedByLabel + " says"
}
