package helminstall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
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
		have := worked.Chart.Metadata
		why += fmt.Sprintf("; upgraded from revision %d (chart %s %s), which worked, to chart %s", worked.Revision, have.Name, have.Version, cmp.Or(w.Version, have.Version))
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
	v.Reason = fmt.Sprintf("chart %s %s, revision %d, up to date", r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Revision)
	return v
}

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

// differences says in what a deployed release is not up to date, old -> new. Of values it names the keys only, since
// they may be secrets.
func differences(o *Observed, w Want, values map[string]any) []string {
	var out []string
	if d := chartDiffers(o.Release, w); d != "" {
		out = append(out, d)
	}
	if keys := changedKeys(o.Release.Config, values); len(keys) > 0 {
		out = append(out, "values differ: "+words.Few(keys))
	}
	if len(o.Missing) > 0 {
		out = append(out, "missing in the cluster: "+words.Few(o.Missing))
	}
	return out
}

// chartDiffers says how the stored chart is not the wanted one, or "".
func chartDiffers(r *stored.Record, w Want) string {
	have := r.Chart.Metadata
	name, version := cmp.Or(w.Chart, have.Name), cmp.Or(w.Version, have.Version)
	switch {
	case name != have.Name:
		return fmt.Sprintf("chart %s %s -> %s %s", have.Name, have.Version, name, cmp.Or(w.Version, "newest"))
	case !chartsource.SameVersion(version, have.Version):
		return fmt.Sprintf("chart %s -> %s", have.Version, version)
	case w.Digest != "" && w.Digest != r.Labels[stored.DigestLabel] && r.Marked():
		return fmt.Sprintf("content of chart %s changed: digest %s -> %s", have.Version,
			cmp.Or(short(r.Labels[stored.DigestLabel]), "none"), short(w.Digest))
	}
	return ""
}

func short(digest string) string { return digest[:min(len(digest), 12)] }

func chartWords(w Want) string {
	return fmt.Sprintf("chart %s %s", cmp.Or(w.Chart, chartsource.DefaultChart), cmp.Or(w.Version, "in its newest version"))
}

// served lists the API versions of the CRDs, for a reason.
func served(crds []CRD) string {
	var all []string
	for _, c := range crds {
		all = append(all, c.Served...)
	}
	slices.Sort(all)
	return cmp.Or(strings.Join(slices.Compact(all), " and "), noVersion)
}

const noVersion = "no API version"

// deadConversions says which CRDs still ask for a webhook that the release's chart does not have.
func deadConversions(o *Observed) []string {
	var out []string
	for _, c := range o.CRDs {
		if c.Converts && stored.DefinesWithoutConversion(o.Release.Manifest, c.Name) {
			out = append(out, fmt.Sprintf("CRD %s asks for the conversion webhook of an older operator", c.Name))
		}
	}
	return out
}
