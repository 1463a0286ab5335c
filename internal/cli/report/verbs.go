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
