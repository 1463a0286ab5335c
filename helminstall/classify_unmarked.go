package helminstall

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const adoptHint = "--adopt takes the release over; or leave out the flags that differ, and it is used as it is"

// installer is who installed a release that is not ours, as far as that can be told.
func (o *Observed) installer() string {
	if o.claimed() {
		return "somebody (its Secret says gen3-bootstrap, but neither its Namespace nor CRDs name the release)"
	}
	return "somebody else"
}

// classifyUnmarked judges a deployed release that somebody else made under our name.
func classifyUnmarked(o *Observed, w Want) Verdict {
	diffs := differences(o, w, w.Asked)
	switch {
	case otherChart(o, w):
		return refuseOtherChart(o.Release)
	case w.Adopt && o.keeper() == "":
		return Verdict{
			State: Drifted, Action: plan.Adopt, NewChart: chartDiffers(o.Release, w) != "",
			Reason: "installed by " + o.installer() + ", taken over: " + cmp.Or(strings.Join(append(diffs, deadConversions(o)...), "; "), "the mark and the kept CRDs are added"),
		}
	case len(diffs) > 0:
		return refuseForeign(o, "installed by "+o.installer()+", and differs: "+strings.Join(diffs, "; "), adoptHint)
	}
	return usedAsItIs(o, w)
}

func usedAsItIs(o *Observed, w Want) Verdict {
	r := o.Release
	v := Verdict{State: InSync, Action: plan.None, Reason: fmt.Sprintf("chart %s %s, revision %d, installed by %s: used",
		r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Revision, cmp.Or(o.keeper(), o.installer()))}
	if w.Adopt {
		v.Warnings = append(v.Warnings, fmt.Sprintf("--adopt leaves release %s/%s to %s, which would set it back", r.Namespace, r.Name, o.keeper()))
	}
	for _, dead := range deadConversions(o) {
		v.Warnings = append(v.Warnings, dead+", so that its objects can only be read in the version that they are stored in")
	}
	if stored.KeepsCRDs(r.Manifest) {
		return v
	}
	cure := "--adopt adds the annotation that keeps them"
	if by := o.keeper(); by != "" {
		cure = `set crds.annotations."helm.sh/resource-policy" to keep in ` + by
	}
	v.Warnings = append(v.Warnings, fmt.Sprintf("uninstalling release %s/%s would delete its CRDs, with them every "+
		"ExternalSecret of the cluster and the Secrets that those own: %s", r.Namespace, r.Name, cure))
	return v
}

// unmarkedFailed judges a failed release without our mark, given what would be done if it were ours.
func unmarkedFailed(o *Observed, w Want, v Verdict) Verdict {
	switch {
	case otherChart(o, w):
		return refuseOtherChart(o.Release)
	case w.Adopt && o.keeper() == "":
		v.Action = plan.Adopt
		return v
	}
	return refuseForeign(o, v.Reason+"; it was not created by gen3-bootstrap", "--adopt takes the release over and repairs it")
}

// unmarkedCutOff judges somebody else's release whose operation was cut off. It is finished as its owner began
// it, and remains theirs, where the CRDs say that it is the operator's; more than that needs --adopt.
func unmarkedCutOff(o *Observed, w Want, v Verdict) Verdict {
	r := o.Release
	switch {
	case otherChart(o, w):
		return refuseOtherChart(r)
	case o.keeper() != "":
		return refuseForeign(o, fmt.Sprintf("%s since %s", r.Info.Status, age(r, w)), "")
	case w.Adopt:
		v.Action = plan.Adopt
	case chartDiffers(r, w) != "" || len(changedKeys(r.Config, w.Asked)) > 0:
		return refuseForeign(o, fmt.Sprintf("left %s by somebody else, and not up to date", r.Info.Status), adoptHint)
	case !o.CRDsName: // what it holds would be run, and anybody could have put it there
		return refuseForeign(o, fmt.Sprintf("left %s by somebody else before the operator's CRDs bore its name", r.Info.Status),
			"--adopt takes the release over and repairs it; or give another name with --release")
	default:
		v.FinishOnly = true
		v.Reason += "; it remains somebody else's"
	}
	return v
}

// otherChart reports whether the release only has the operator's usual name: it is of another chart, which nobody named,
// and no operator that runs is of it.
func otherChart(o *Observed, w Want) bool {
	if o.Release.Chart.Metadata.Name == chartsource.DefaultChart || w.Explicit {
		return false
	}
	for _, op := range o.Operators {
		if op.Owner.Of(w.Release, w.Namespace) {
			return false
		}
	}
	return true
}

func refuseOtherChart(r *stored.Record) Verdict {
	return Verdict{
		State: Foreign, Action: plan.Blocked,
		Reason: "is a release of chart " + r.Chart.Metadata.Name, Hint: "give another name with --release",
	}
}

// refuseForeign refuses, with what helps against it: a release that a GitOps tool keeps is changed there.
func refuseForeign(o *Observed, why, advice string) Verdict {
	if by := o.keeper(); by != "" {
		advice = fmt.Sprintf("change it in %s, which would set back whatever is done here", by)
	}
	return Verdict{State: Foreign, Action: plan.Blocked, Reason: why, Hint: advice}
}

// keeper names the GitOps tool that keeps the release as it wants it, by its marks on what the release installed; "" if
// none does. Flux installs with Helm, and its next reconciliation would keep our mark and undo the rest.
func (o *Observed) keeper() string {
	for _, op := range o.Operators {
		if by := op.Owner; by.Of(o.Release.Name, o.Release.Namespace) && by.GitOps() {
			return by.String()
		}
	}
	for _, c := range o.CRDs {
		if by := c.Owner; by.Of(o.Release.Name, o.Release.Namespace) && by.GitOps() {
			return by.String()
		}
	}
	return ""
}
