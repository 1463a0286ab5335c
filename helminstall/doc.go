// Package helminstall owns the operator's release. With its folders it is the one place that touches Helm: it finds the
// External Secrets Operator, classifies what it finds, installs, upgrades or uninstalls the release, and waits until it works.
// Every error says what was being done, and to which object. Callers return it as it is.
//
// Observing only reads, and needs one round trip when nothing has to change: no chart is downloaded or rendered then.
// Helm itself runs without its own wait and over a client that reads ahead and writes in a few parallel waves, since
// the SDK otherwise spends one sequential request on each object before it creates anything.
//
// # What is ours
//
// A release is stored in a Secret, which whoever may write Secrets in its namespace can make or change. So the Secret says
// where to look, and cluster-wide objects prove: a release is ours if
//
//   - a cluster-wide object names it: its Namespace was made by this program for that release (annotation
//     gen3-bootstrap/release), or the operator's CRDs bear its name and namespace as Helm's annotations, and
//   - the Secret is labelled app.kubernetes.io/managed-by: gen3-bootstrap.
//
// The first proves that the release is the operator's; everybody's releases name their CRDs so. The second says that it was
// us, and could be forged only by who writes Secrets in the operator's own namespace, which is as good as having the
// operator. A release that has the label alone is never ours:
//
//   - up uses one that is deployed as it would somebody else's, and refuses to change it without Settings.Adopt. One that
//     never came to work is the rest of a first install that was cut off before its CRDs: its name is used again, and
//     nothing of what it holds.
//   - Destroy leaves it; where its operator runs, that is said as a blocked change.
//
// A release without the label is somebody else's: used as it is, or refused; changed only under Settings.Adopt. An operation
// of theirs that was cut off is brought to its end only where the CRDs name the release.
//
// Where no release is stored and its operator runs, the Secret was lost: up stores it anew where the Namespace was made for
// it, or under Settings.Adopt. Destroy needs the Namespace's word.
//
// Destroy deletes live objects that name the release by Helm's label and annotations, whatever the stored manifest says, and
// runs no hooks. An upgrade deletes nothing else either. CRDs are never among them: they go under DestroyOptions.DeleteCRDs
// alone, and then by their own annotations.
//
// An operator is CRDs that are served, together with a Deployment of the chart's labels whose owner, image or arguments are
// the operator's. Without CRDs there is none, and a label alone is not one.
package helminstall
