package helminstall

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func classifyRemoved(o *Observed, w Want) Verdict {
	if len(o.Operators) > 0 {
		return elsewhere(o, w)
	}
	return Verdict{
		State: Removed, Action: plan.Create, NewChart: true,
		Reason: "was uninstalled, with its history kept: " + chartWords(w),
	}
}

func classifyFailed(o *Observed, w Want) Verdict {
	r := o.Release
	why := fmt.Sprintf("revision %d is %s: %s", r.Revision, r.Info.Status, cmp.Or(brief(r.Info.Description), "no reason recorded"))
	if worked := o.Worked; worked != nil {
		why += fmt.Sprintf("; upgraded from revision %d, which worked", worked.Revision)
	}
	v := Verdict{State: Failed, Action: plan.Update, NewChart: chartDiffers(o.base(), w) != "", Reason: why}
	if r.Ours() {
		return v
	}
	return unmarkedFailed(o, w, v)
}

func classifyDeployed(o *Observed, w Want) Verdict {
	r := o.Release
	if !r.Ours() {
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
