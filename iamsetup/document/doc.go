// Package document owns IAM policy documents as text: their form, how IAM counts and encodes them, and whether two of them
// mean the same. It must not know what a document is for, nor make any call.
package document
