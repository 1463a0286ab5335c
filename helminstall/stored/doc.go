// Package stored owns what Helm stores of a release: the Secrets, one a revision, what is read out of them, and the manifests in
// them. It decides nothing: whoever may write Secrets may have written all of it.
package stored
