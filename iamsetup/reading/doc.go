// Package reading reads AWS Secrets Manager as External Secrets Operator does: with the access key that a Secret holds, or with the
// role that a ServiceAccount's token is exchanged for, and never with the caller's own credentials. What it answers is classified,
// and the values that it reads stay in a type that shows what is in them and not what they are.
package reading
