// Package policy owns the managed policy that lets External Secrets Operator read secrets: what it says, that it is there, and
// its end. It knows of users and roles only that some have the policy; it must not know how one is made.
package policy
