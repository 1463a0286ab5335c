package helminstall

import (
	"slices"

	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// releaseAnnotation is put on a Namespace that is made for a release, and names it. The label alone says only that this
// program made the namespace: those of Gen3 have it as well, and tenants write in them.
const releaseAnnotation = "gen3-bootstrap/release"

// named reports whether a cluster-wide object names this release: its Namespace was made for it, or the CRDs are its own.
func (o *Observed) named() bool { return o.NamespaceNames || o.CRDsName }

// ours reports whether the release is ours; see the package comment.
func (o *Observed) ours() bool { return o.Release != nil && o.Release.Marked() && o.named() }

// claimed reports that the release's own Secret alone says that it is ours.
func (o *Observed) claimed() bool { return o.Release != nil && o.Release.Marked() && !o.named() }

// rest reports whether what is stored of the release is that of a first install that did not come as far as the CRDs, or
// made up: it is claimed, and never worked. Nothing of what it holds is used.
func (o *Observed) rest() bool {
	return o.claimed() && (o.Release.Pending() || o.Release.Info.Status == release.StatusFailed)
}

// gone reports whether there is no release to go on from: none is there, an uninstall kept its history, or only a rest is.
func (o *Observed) gone() bool {
	return o.Release == nil || o.Release.Info.Status == release.StatusUninstalled || o.rest()
}

// lost is the operator of this very release, where the release itself is not stored any more; nil where that is not so.
func (o *Observed) lost(releaseName, namespace string) *Operator {
	if o.Release != nil {
		return nil
	}
	i := slices.IndexFunc(o.Operators, func(op Operator) bool {
		return op.Owner.Of(releaseName, namespace) && op.Namespace == namespace && !op.Owner.GitOps()
	})
	if i < 0 {
		return nil
	}
	return &o.Operators[i]
}

// orphaned reports whether no release is stored in a namespace that was made for it: what names the release is ours.
func (o *Observed) orphaned() bool { return o.Release == nil && o.undecoded == nil && o.NamespaceNames }

// otherOurs is ours for the release that is used in place of this one.
func (o *Observed) otherOurs() bool {
	return o.Other != nil && o.Other.Marked() && ownedBy(o.CRDs, o.otherOwner())
}

// ownedBy reports whether the CRDs' Helm annotations name the owner's release.
func ownedBy(crds []CRD, by owner.Owner) bool {
	return by.Release != "" && slices.ContainsFunc(crds, func(c CRD) bool { return c.Owner.Of(by.Release, by.Namespace) })
}

// base is the revision whose chart and values the release keeps, unless the run asks for others. What a failed upgrade
// was given is not kept: a value that the API server refused would be in the way of every later run.
func (o *Observed) base() *stored.Record {
	if o.Worked != nil {
		return o.Worked
	}
	return o.Release
}
