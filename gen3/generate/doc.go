// Package generate makes the content of the secrets that a gen3 deployment reads from Secrets Manager, where it can be made safely: from
// what the chart itself makes where External Secrets Operator is left out, of one render, repaired where the chart's own would not work.
// It makes nothing that exists or that something depends on already, and says of the rest what only the operator can supply.
//
// Which content belongs to which secret is derived from the objects: the chart makes a Secret of Kubernetes itself, or an ExternalSecret
// makes the one of that name. What needs knowledge of meaning is declared by what is read, the keys of those Secrets, and never by a name
// in Secrets Manager. No value is in what the package says.
package generate
