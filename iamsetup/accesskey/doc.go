// Package accesskey owns the access key of a user: the protocol by which it is made, proved, stored and entered on the user, and
// the keys of earlier runs. Deciding is pure: a function of what was observed. The package must not know what a Secret is in
// Kubernetes, nor how its user is made.
package accesskey
