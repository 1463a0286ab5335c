// Package role owns the role that a ServiceAccount takes: its trust policy, whom that lets in on whose behalf, and its end. It
// must not know of access keys, nor of how the policy or the identity provider are made.
package role
