// Package helminstall is the one place that touches the Helm SDK: it finds the External Secrets Operator, classifies
// what it finds, and installs, upgrades or uninstalls the release, and waits until it works.
//
// Observing only reads, and needs one round trip when nothing has to change: no chart is downloaded or rendered then.
// Helm itself runs without its own wait and over a client that reads ahead and writes in a few parallel waves, since
// the SDK otherwise spends one sequential request on each object before it creates anything.
//
// A release is ours if the Secret that stores it is labelled app.kubernetes.io/managed-by: gen3-bootstrap. What
// carries no such mark is used as it is, or refused; it is changed only under Settings.Adopt.
package helminstall
