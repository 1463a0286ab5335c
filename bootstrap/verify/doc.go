// Package verify proves that a cluster can read Secrets Manager as External Secrets Operator does, and else names the layer that
// cannot, with its cure. It goes layer by layer: what rests on a layer that failed is not tried, so that one fault is told once.
//
// Secrets Manager is read with the operator's credentials alone: the access key in the Secret, or the role that the ServiceAccount's
// token is exchanged for. The caller's own ones serve to explain a refusal, and all of it works without them. Nothing lasting is written.
package verify
