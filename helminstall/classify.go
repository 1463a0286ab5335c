package helminstall

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

func classifyRemoved(o *Observed, w Want) Verdict {
	if len(o.others(w)) > 0 {
		return elsewhere(o, w)
	}
	return Verdict{
		State: Removed, Action: plan.Create, NewChart: true,
		Reason: "was uninstalled, with its history kept: " + chartWords(w),
	}
}

func classifyFailed(o *Observed, w Want) Verdict {
	r := o.Release
	why := fmt.Sprintf("revision %d is %s: %s", r.Revision, r.Info.Status, cmp.Or(words.Brief(r.Info.Description), "no reason recorded"))
	if worked := o.Worked; worked != nil {
		why += fmt.Sprintf("; upgraded from revision %d, which worked", worked.Revision)
	}
	v := Verdict{State: Failed, Action: plan.Update, NewChart: chartDiffers(o.base(), w) != "", Reason: why}
	if o.ours() {
		return v
	}
	return unmarkedFailed(o, w, v)
}

// classifyRest judges what was left of a release that only its own Secret calls ours: as if there were none, but for its
// name, which is used again.
func classifyRest(o *Observed, w Want) Verdict {
	v := classifyCluster(o, w)
	if v.Action == plan.Create && v.State != Busy {
		v.State = Failed
		v.Reason = fmt.Sprintf("revision %d is %s, and neither its Namespace nor CRDs name the release: installed anew, %s",
			o.Release.Revision, o.Release.Info.Status, chartWords(w))
	}
	return v
}

func classifyDeployed(o *Observed, w Want) Verdict {
	r := o.Release
	if !o.ours() {
		return classifyUnmarked(o, w)
	}
	v := Verdict{State: InSync, Action: plan.None, NewChart: chartDiffers(r, w) != ""}
	if diffs := append(differences(o, w, w.Values), deadConversions(o)...); len(diffs) > 0 {
		v.State, v.Action, v.Reason = Drifted, plan.Update, strings.Join(diffs, "; ")
		return v
	}
	v.Reason = fmt.Sprintf("chart %s %s, revision %d, as wanted", r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Revision)
	return v
}
