// Package principal owns what users and roles have in common: the attachment of a policy, the permissions boundary, the room for
// tags, and what somebody added by hand, which keeps IAM from deleting either. It also reads a user once for its step and for
// that of its keys. It must not know what a user or a role is for.
package principal
