package helminstall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// classifyCluster judges a cluster without the release.
func classifyCluster(o *Observed, w Want) Verdict {
	if o.NamespaceTerminating {
		return Verdict{
			State: Refused, Action: plan.Blocked, Reason: fmt.Sprintf("namespace %s is being deleted", w.Namespace),
			Hint: "see what holds it: " + hint.Command("kubectl", "get", "namespace", w.Namespace, "-o", "yaml"),
		}
	}
	for _, c := range o.CRDs {
		if c.Terminating {
			return Verdict{
				State: Refused, Action: plan.Blocked, Reason: fmt.Sprintf("CRD %s is being deleted", c.Name),
				Hint: "its objects have finalizers that no operator serves; see: " + hint.Command("kubectl", "get", c.Name, "-A"),
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
	if owner.Release == "" || owner.GitOps() {
		return ""
	}
	flags := "; to manage it, give " + hint.Command("--release", owner.Release, "--release-namespace", owner.Namespace)
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
	if !v.TakeOwnership {
		return v
	}
	if refused, ok := inTheWay(o, w); ok {
		return refused
	}
	if w.Adopt && len(o.Rests) > 0 {
		v.Reason += ", with the webhooks that it left"
	}
	return v
}
