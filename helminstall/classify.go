package helminstall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const adoptHint = "--adopt takes the release over; or leave out the flags that differ, and it is used as it is"

// classifyCluster judges a cluster without the release.
func classifyCluster(o *Observed, w Want) Verdict {
	if o.NamespaceTerminating {
		return Verdict{
			State: Refused, Action: plan.Blocked, Reason: fmt.Sprintf("namespace %s is being deleted", w.Namespace),
			Hint: "see what holds it: kubectl get namespace " + w.Namespace + " -o yaml",
		}
	}
	for _, c := range o.CRDs {
		if c.Terminating {
			return Verdict{
				State: Refused, Action: plan.Blocked, Reason: fmt.Sprintf("CRD %s is being deleted", c.Name),
				Hint: "its objects have finalizers that no operator serves; see: kubectl get " + c.Name + " -A",
			}
		}
	}
	if len(o.Operators) > 0 {
		return elsewhere(o, w)
	}
	switch r := o.Other; {
	case r == nil:
	case r.Info.Status == "deployed":
		return Verdict{
			State: Elsewhere, Action: plan.None,
			Reason: fmt.Sprintf("%s has the operator and serves %s: used", o.CRDs[0].Owner, served(o.CRDs)),
		}
	case r.Pending() && !leftPending(r, w):
		return comingElsewhere(o, w)
	}
	if len(o.CRDs) > 0 {
		return leftover(o, w)
	}
	return Verdict{State: Absent, Action: plan.Create, NewChart: true, Reason: "not installed: " + chartWords(w)}
}

func elsewhere(o *Observed, w Want) Verdict {
	var found []string
	for _, op := range o.Operators {
		found = append(found, op.String())
	}
	v := Verdict{
		State: Elsewhere, Action: plan.None,
		Reason: fmt.Sprintf("the operator is there already: %s; it serves %s: used", strings.Join(found, ", "), served(o.CRDs)),
	}
	if w.Explicit {
		v.Warnings = append(v.Warnings, fmt.Sprintf("chart settings have no effect: the operator belongs to %s%s",
			o.Operators[0].Owner, takeHint(o)))
	}
	for _, op := range o.Operators {
		if !op.Available && !op.Stopped { // those are warned of as Deployments, see stopped
			v.Warnings = append(v.Warnings, op.String()+" is not available")
		}
	}
	return v
}

// takeHint names the flags with which the operator's Helm release would be managed.
func takeHint(o *Observed) string {
	owner := o.Operators[0].Owner
	if owner.Release == "" || owner.ArgoApp != "" || owner.Flux != "" {
		return ""
	}
	flags := fmt.Sprintf("; to manage it, give --release %s --release-namespace %s", owner.Release, owner.Namespace)
	if o.Other != nil && o.Other.Ours() {
		return flags
	}
	return flags + " --adopt"
}

// comingElsewhere is a first install of another release that goes on: two operators would fight over the CRDs.
func comingElsewhere(o *Observed, w Want) Verdict {
	return Verdict{
		State: Busy, Action: plan.Create, NewChart: true,
		Reason: fmt.Sprintf("%s is %s since %s: waited for, and used when it is there", o.CRDs[0].Owner, o.Other.Info.Status,
			age(o.Other, w)),
	}
}

func leftover(o *Observed, w Want) Verdict {
	v := Verdict{
		State: Leftover, Action: plan.Create, NewChart: true,
		Reason: fmt.Sprintf("CRDs without an operator (left by %s): installed over them, %s", o.CRDs[0].Owner, chartWords(w)),
	}
	v.TakeOwnership = slices.ContainsFunc(o.CRDs, func(c CRD) bool { return !c.Owner.Of(w.Release, w.Namespace) })
	return v
}

func classifyRemoved(o *Observed, w Want) Verdict {
	if len(o.Operators) > 0 {
		return elsewhere(o, w)
	}
	return Verdict{
		State: Removed, Action: plan.Create, NewChart: true,
		Reason: "was uninstalled, with its history kept: " + chartWords(w),
	}
}

// classifyPending tells an operation that was cut off from one that still goes on. Whose it is says its own mark, not
// the release's: others upgrade and uninstall releases of ours, too.
func classifyPending(r *Record, w Want) Verdict {
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
		return cutOff(r, w, fmt.Sprintf("left %s by a run of ours that is gone", r.Info.Status))
	}
	return cutOff(r, w, fmt.Sprintf("left %s by %s %s ago", r.Info.Status, whose, age(r, w)))
}

// leftPending reports whether nobody can be at work any more on a pending release.
func leftPending(r *Record, w Want) bool {
	return r.StoredByUs() && w.HolderGone || age(r, w) > w.Timeout
}

func age(r *Record, w Want) time.Duration { return w.Now.Sub(r.Since()).Round(time.Second) }

func cutOff(r *Record, w Want, why string) Verdict {
	return Verdict{
		State: Failed, Action: plan.Update, NewChart: chartDiffers(r, w) != "",
		Reason: fmt.Sprintf("%s: revision %d is marked failed and the release upgraded", why, r.Revision),
	}
}

func classifyFailed(r *Record, w Want) Verdict {
	why := fmt.Sprintf("revision %d is %s: %s", r.Revision, r.Info.Status, cmp.Or(oneLine(r.Info.Description), "no reason recorded"))
	v := Verdict{State: Failed, Action: plan.Update, NewChart: chartDiffers(r, w) != "", Reason: why}
	switch {
	case r.Ours():
	case w.Adopt:
		v.Action = plan.Adopt
	default:
		return Verdict{
			State: Foreign, Action: plan.Blocked, Reason: why + "; it carries no mark of ours",
			Hint: "--adopt takes the release over and repairs it",
		}
	}
	return v
}

func classifyDeployed(o *Observed, w Want) Verdict {
	r := o.Release
	if !r.Ours() {
		return classifyUnmarked(o, w)
	}
	v := Verdict{State: InSync, Action: plan.None, NewChart: chartDiffers(r, w) != ""}
	if diffs := differences(o, w, w.Values); len(diffs) > 0 {
		v.State, v.Action, v.Reason = Drifted, plan.Update, strings.Join(diffs, "; ")
		return v
	}
	v.Reason = fmt.Sprintf("chart %s %s, revision %d, as wanted", r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Revision)
	return v
}

// classifyUnmarked judges a release that somebody else made under our name.
func classifyUnmarked(o *Observed, w Want) Verdict {
	r := o.Release
	if r.Chart.Metadata.Name != DefaultChart && !w.Explicit {
		return Verdict{
			State: Foreign, Action: plan.Blocked,
			Reason: "is a release of chart " + r.Chart.Metadata.Name, Hint: "give another name with --release",
		}
	}
	diffs := differences(o, w, w.Asked)
	switch {
	case w.Adopt:
		return Verdict{
			State: Drifted, Action: plan.Adopt, NewChart: chartDiffers(r, w) != "",
			Reason: "installed by somebody else, taken over: " + cmp.Or(strings.Join(diffs, "; "), "the mark and the kept CRDs are added"),
		}
	case len(diffs) > 0:
		return Verdict{
			State: Foreign, Action: plan.Blocked,
			Reason: "installed by somebody else, and differs: " + strings.Join(diffs, "; "), Hint: adoptHint,
		}
	}
	v := Verdict{State: InSync, Action: plan.None, Reason: fmt.Sprintf("chart %s %s, revision %d, installed by somebody else: used",
		r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Revision)}
	if !keepsCRDs(r.Manifest) {
		v.Warnings = append(v.Warnings, fmt.Sprintf("uninstalling release %s/%s would delete its CRDs, with them every "+
			"ExternalSecret of the cluster and the Secrets that those own: --adopt adds the annotation that keeps them",
			r.Namespace, r.Name))
	}
	return v
}
