// Package eso runs External Secrets Operator for the pods of its chart: the controllers and the webhook, a process for
// each pod, as a kubelet would run its container. A process starts with its pod, ends with it, and is started again when
// it dies; until it serves, its pod is not ready. The chart's third program, the one that makes the webhook's
// certificate, is done here.
//
// The controllers have the rights of their pod's ServiceAccount and no others. The API server reaches the webhook through
// a proxy (see [Fleet.ServeHTTP]), since no cluster network is there that would lead from its Service to its process.
//
// Three annotations of a pod bring about what goes wrong in the field. The chart sets them by its values podAnnotations
// (controllers) and webhook.podAnnotations; a test may as well patch the pod template of a live Deployment.
package eso

// What a pod can be annotated with; the value is "true".
const (
	// StoppedAnnotation is of a pod that is ready although its process does not run: nothing is synced, or the webhook
	// refuses connections.
	StoppedAnnotation = "sandbox.gen3-bootstrap/stopped"
	// UnreachableAnnotation is of a webhook that the control plane cannot reach although its pod is ready, as with pod
	// addresses of a custom CNI: calls to it time out. The cure is that of the field, hostNetwork and a port that is not
	// the kubelet's 10250; with it the annotation has no effect.
	UnreachableAnnotation = "sandbox.gen3-bootstrap/unreachable"
	// WrongCertificateAnnotation is of a webhook whose certificate is from another authority than the one that its
	// configuration names.
	WrongCertificateAnnotation = "sandbox.gen3-bootstrap/wrong-certificate"
)
