// Package sandbox runs a Kubernetes control plane without a cluster: etcd, the
// real kube-apiserver and the real workload controllers in one process, on
// loopback ports of their own, with everything they write in one directory.
//
// There are no nodes. Pods are marked running and ready as soon as they are
// made (see [StuckAnnotation] for the exception), so that Deployments become
// Available and waits on them end. No container runs: a webhook that a chart
// registers refuses its requests at once, as it would when its pod is down.
//
// With [Options.Operator] (the flag -operator) the pods of External Secrets
// Operator are an exception: a process runs for each, and the pod is ready when
// that serves. Package eso has the faults that they can be annotated with.
// The operator reads from the fake of AWS that is served, or from the endpoint
// that [Options.OperatorAWS] (-operator-aws) names.
//
// Next to the control plane it serves a Helm repository and, if one is given,
// a fake of AWS. Several sandboxes can run at once, also in one process.
package sandbox
