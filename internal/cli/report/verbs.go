package report

import (
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// verbs is how an action reads.
type verbs struct {
	symbol  string
	pending string // "create"
	done    string // "created"
	paint   func(tty.Style, string) string
	fixed   bool // the counted line says "2 blocked", not "2 to blocked"
}

func wording(a plan.Action) verbs {
	switch a {
	case plan.Create:
		return verbs{symbol: "+", pending: "create", done: "created", paint: tty.Style.Green}
	case plan.Update:
		return verbs{symbol: "~", pending: "change", done: "changed", paint: tty.Style.Yellow}
	case plan.Delete:
		return verbs{symbol: "-", pending: "delete", done: "deleted", paint: tty.Style.Red}
	case plan.Adopt:
		return verbs{symbol: ">", pending: "adopt", done: "adopted", paint: tty.Style.Cyan}
	case plan.Blocked:
		return verbs{symbol: "!", pending: "blocked", done: "blocked", paint: tty.Style.Red, fixed: true}
	case plan.None:
		return verbs{symbol: "=", pending: "unchanged", done: "unchanged", paint: tty.Style.Dim, fixed: true}
	default:
		return verbs{symbol: "?", pending: string(a), done: string(a), paint: tty.Style.Bold, fixed: true}
	}
}

// wordingOf is how a change reads: by what came of it, where that is not what was planned.
func wordingOf(c plan.Change) verbs {
	if c.Unwell && c.Action == plan.None {
		return verbs{symbol: "!", pending: "not well", done: "not well", paint: tty.Style.Red, fixed: true}
	}
	switch c.Outcome {
	case plan.Failed:
		return verbs{symbol: "x", pending: "failed", done: "failed", paint: tty.Style.Red, fixed: true}
	case plan.NotReached:
		return verbs{symbol: ".", pending: "not reached", done: "not reached", paint: tty.Style.Dim, fixed: true}
	case plan.Done:
	}
	return wording(c.Action)
}

// allWordings are the ways in which changes read, in the order in which they are counted.
func allWordings() []verbs {
	var out []verbs
	for _, a := range []plan.Action{plan.Create, plan.Update, plan.Delete, plan.Adopt, plan.Blocked} {
		out = append(out, wording(a))
	}
	return append(out, wordingOf(plan.Change{Outcome: plan.Failed}), wordingOf(plan.Change{Outcome: plan.NotReached}), wording(plan.None)) // what is not well is said by itself
}

// teardownCommand is the command that takes away.
const teardownCommand = "teardown"

func (w verbs) in(t Tense) string {
	if t == Done {
		return w.done
	}
	return w.pending
}

func (w verbs) counted(t Tense) string {
	if t == Pending && !w.fixed {
		return "to " + w.pending
	}
	return w.in(t)
}
