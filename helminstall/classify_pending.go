package helminstall

import (
	"fmt"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// classifyPending tells an operation that was cut off from one that still goes on. Whose it is says its own mark, not
// the release's: others upgrade and uninstall releases of ours, too.
func classifyPending(o *Observed, w Want) Verdict {
	r := o.Release
	whose := "somebody else"
	if r.StoredByUs() {
		whose = "a run of ours"
	}
	switch {
	case !leftPending(r, w):
		return Verdict{
			State: Busy, Action: plan.Update, NewChart: true,
			Reason: fmt.Sprintf("%s by %s since %s: waited for, and recovered if it does not end", r.Info.Status, whose, age(r, w)),
		}
	case r.StoredByUs() && w.HolderGone:
		return cutOff(o, w, fmt.Sprintf("left %s by a run of ours that is gone", r.Info.Status))
	}
	return cutOff(o, w, fmt.Sprintf("left %s by %s %s ago", r.Info.Status, whose, age(r, w)))
}

// leftPending reports whether nobody can be at work any more on a pending release.
func leftPending(r *stored.Record, w Want) bool {
	return r.StoredByUs() && w.HolderGone || age(r, w) > patience(w)
}

// patience is how long an operation may take. Its own timeout is stored nowhere, and a short --timeout of this run's must
// not end what somebody else gave longer.
func patience(w Want) time.Duration { return max(w.Timeout, defaultTimeout) }

func age(r *stored.Record, w Want) time.Duration { return w.Now.Sub(r.Since()).Round(time.Second) }

func cutOff(o *Observed, w Want, why string) Verdict {
	r := o.Release
	if o.rest() {
		return classifyRest(o, w)
	}
	v := Verdict{
		State: Failed, Action: plan.Update, NewChart: chartDiffers(r, w) != "",
		Reason: fmt.Sprintf("%s: revision %d is marked failed and the release upgraded", why, r.Revision),
	}
	if o.ours() {
		return v
	}
	return unmarkedCutOff(o, w, v)
}
