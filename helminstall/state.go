package helminstall

import (
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// State is what the observed amounts to.
type State string

// The closed set of states.
const (
	Absent    State = "absent"    // no operator, no release, no CRDs
	Leftover  State = "leftover"  // CRDs without an operator
	Elsewhere State = "elsewhere" // an operator that is not this release: used
	InSync    State = "in-sync"   // this release, up to date
	Drifted   State = "drifted"   // this release, not up to date
	Failed    State = "failed"    // this release, whose last operation failed or was cut off
	Busy      State = "busy"      // this release, with an operation under way that may still live
	Removed   State = "removed"   // this release, uninstalled with its history kept
	Lost      State = "lost"      // this release, whose objects are there and which is not stored any more
	Foreign   State = "foreign"   // this release by name, without our mark and not up to date
	Refused   State = "refused"   // nothing that a run could change
)

// Want is what a run wants, with what only the caller can know about other runs.
type Want struct {
	Release, Namespace string
	// Chart and Version are "" where an existing release keeps what it has.
	Chart, Version string
	// Digest is the content digest of a local chart.
	Digest string
	// Values are what the release should have, Asked what it should have without our own defaults, both merged over
	// what it has.
	Values, Asked map[string]any
	// Explicit: --chart, --chart-version, --values or --set was given.
	Explicit bool
	// ReleaseGiven: the release was named, and not left to the default.
	ReleaseGiven bool
	Adopt        bool
	// HolderGone: no run of ours is at work that could have left an operation pending.
	HolderGone bool
	Timeout    time.Duration
	Now        time.Time
}

// Verdict is what is to be done about a state, and why.
type Verdict struct {
	State    State
	Action   plan.Action
	Reason   string
	Hint     string
	Warnings []string
	// TakeOwnership: CRDs of another owner, whose operator is gone, are taken over.
	TakeOwnership bool
	// FinishOnly: finish the owner's interrupted operation; add neither values nor our label.
	FinishOnly bool
	// NewChart: the chart itself changes; else the one stored with the release serves.
	NewChart bool
}

// Classify is pure, so that every situation is one row of a table test.
func Classify(o *Observed, w Want) Verdict {
	switch {
	case o.Release == nil:
		return classifyCluster(o, w)
	case o.Release.Info.Status == "uninstalled":
		return classifyRemoved(o, w)
	case o.Release.Pending():
		return classifyPending(o, w)
	case o.rest():
		return classifyRest(o, w)
	case o.Release.Info.Status != "deployed":
		return classifyFailed(o, w)
	}
	return classifyDeployed(o, w)
}

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
