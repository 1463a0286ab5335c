package helminstall

import (
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
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
	if op := o.lost(w.Release, w.Namespace); op != nil {
		return classifyLost(o, w, *op)
	}
	switch others := o.others(w); {
	case len(others) > 0 && o.contradicted(w):
		return refuseContradicted(others, w)
	case len(others) > 0:
		return elsewhere(o, w)
	}
	v := classifyEmpty(o, w)
	if v.Action == plan.Create {
		v.Warnings = append(v.Warnings, notBelieved(o)...)
	}
	return v
}

// others are the operators that are used in place of this release. One that only looks like it, as no CRDs confirm it, is
// overruled by a person who names the release.
func (o *Observed) others(w Want) []Operator {
	return slices.DeleteFunc(slices.Clone(o.Operators), func(op Operator) bool { return !op.Confirmed && w.ReleaseGiven })
}

// contradicted reports whether the CRDs name this very release, while something else looks like the operator. Whoever has a
// namespace can make that, and so it must not end in a run that says that all is well.
func (o *Observed) contradicted(w Want) bool {
	return ownedBy(o.CRDs, owner.Owner{Release: w.Release, Namespace: w.Namespace}) &&
		!slices.ContainsFunc(o.Operators, func(op Operator) bool { return op.Confirmed })
}

func refuseContradicted(others []Operator, w Want) Verdict {
	names := make([]string, 0, len(others))
	for _, op := range others {
		names = append(names, op.String())
	}
	by := others[0].Owner
	v := Verdict{
		State: Refused, Action: plan.Blocked,
		Reason: fmt.Sprintf("the CRDs belong to Helm release %s in namespace %s, which is not there, and something else looks like the operator: %s",
			w.Release, w.Namespace, words.Few(names)),
		Hint: "if that is no operator, install the release all the same with " + hint.Command("--release", w.Release, "--release-namespace", w.Namespace),
	}
	if by.Release != "" && !by.GitOps() {
		v.Hint += "; if it is, name it with --release and --release-namespace"
	}
	return v
}

// notBelieved warns of Deployments that seem to be an operator and did not count.
func notBelieved(o *Observed) []string {
	seem := slices.Clone(o.Lookalikes)
	for _, op := range o.Operators {
		seem = append(seem, "deployment/"+op.Namespace+"/"+op.Name)
	}
	if len(seem) == 0 {
		return nil
	}
	return []string{"labelled as External Secrets Operator, and not taken for it, as no CRDs confirm it: " + words.Few(seem)}
}

// classifyEmpty judges a cluster in which no operator runs.
func classifyEmpty(o *Observed, w Want) Verdict {
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
	var found, unavailable []string
	for _, op := range o.Operators {
		found = append(found, op.String())
		if !op.Available && !op.Stopped { // those are warned of as Deployments, see stopped
			unavailable = append(unavailable, op.String())
		}
	}
	v := Verdict{
		State: Elsewhere, Action: plan.None,
		Reason: fmt.Sprintf("the operator is there already: %s; it serves %s: used", words.Few(found), served(o.CRDs)),
	}
	if w.Explicit {
		op := o.believed()
		v.Warnings = append(v.Warnings, fmt.Sprintf("chart settings have no effect: the operator belongs to %s%s", op.Owner, takeHint(o, op)))
	}
	if o.lost(w.Release, w.Namespace) == nil && !slices.ContainsFunc(o.Operators, func(op Operator) bool { return op.Confirmed }) {
		v.Warnings = append(v.Warnings, "no CRDs confirm that operator: if it is none, --release and --release-namespace install the release all the same")
	}
	if len(unavailable) > 0 {
		v.Warnings = append(v.Warnings, "not available: "+words.Few(unavailable))
	}
	return v
}

// classifyLost judges a release that is not stored any more while its operator runs: somebody deleted its Secret, or it is
// kept where Helm's other drivers keep releases.
func classifyLost(o *Observed, w Want, op Operator) Verdict {
	ownCRDs := !slices.ContainsFunc(o.CRDs, func(c CRD) bool { return !c.Owner.Of(w.Release, w.Namespace) })
	if w.Adopt || o.NamespaceNames && ownCRDs {
		return Verdict{
			State: Lost, Action: plan.Create, NewChart: true, TakeOwnership: true,
			Reason: fmt.Sprintf("no Secret stores it any more, and its operator is there (deployment/%s/%s): installed over its own objects, %s",
				op.Namespace, op.Name, chartWords(w)),
		}
	}
	v := elsewhere(o, w)
	cure := "--adopt stores it anew"
	if !o.named() {
		cure = "whether it ever was one, no cluster-wide object says; see whose it is: " + showDeployment(op)
	}
	v.Warnings = append(v.Warnings, fmt.Sprintf("Helm release %s is stored in no Secret of namespace %s, so that nobody can upgrade or uninstall it: %s",
		w.Release, w.Namespace, cure))
	return v
}

// believed is the first operator that the CRDs confirm, or else the first.
func (o *Observed) believed() Operator {
	return o.Operators[max(0, slices.IndexFunc(o.Operators, func(op Operator) bool { return op.Confirmed }))]
}

// takeHint names the flags with which the operator's Helm release would be managed, where the CRDs confirm it: a tenant can
// put any release's name on a Deployment.
func takeHint(o *Observed, op Operator) string {
	owner := op.Owner
	if !op.Confirmed || owner.Release == "" || owner.GitOps() {
		return ""
	}
	flags := "; to manage it, give " + hint.Command("--release", owner.Release, "--release-namespace", owner.Namespace)
	if o.otherOurs() {
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
