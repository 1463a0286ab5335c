// Package user owns the user whose access key External Secrets Operator uses, and the attachment of the policy. The keys are a
// step of their own: its removal asks about them, and it must not know how they are made, kept or judged.
package user
