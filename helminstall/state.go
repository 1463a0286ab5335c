package helminstall

import (
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// State is what the observed amounts to.
type State string

// The closed set of states.
const (
	Absent    State = "absent"    // no operator, no release, no CRDs
	Leftover  State = "leftover"  // CRDs without an operator
	Elsewhere State = "elsewhere" // an operator that is not this release: used
	InSync    State = "in-sync"   // this release, as wanted
	Drifted   State = "drifted"   // this release, not as wanted
	Failed    State = "failed"    // this release, whose last operation failed or was cut off
	Busy      State = "busy"      // this release, with an operation under way that may still live
	Removed   State = "removed"   // this release, uninstalled with its history kept
	Lost      State = "lost"      // this release, whose objects are there and which is not stored any more
	Foreign   State = "foreign"   // this release by name, without our mark and not as wanted
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
	// Explicit is that --chart, --chart-version, --values or --set was given.
	Explicit bool
	// ReleaseGiven is that the release was named, and not left to the default.
	ReleaseGiven bool
	Adopt        bool
	// HolderGone is that no run of ours lives that could have left an operation pending.
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
	// TakeOwnership is that CRDs of another owner, whose operator is gone, are taken over.
	TakeOwnership bool
	// Theirs is that the release is brought to an end as its owner began it: no value and no mark of ours is added.
	Theirs bool
	// NewChart is that the chart itself changes; else the one stored with the release serves.
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
