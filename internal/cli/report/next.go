package report

import (
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// valuesFile is where the fragment of values goes.
const valuesFile = "external-secrets.yaml"

// Again is this run's command line for another command, without some flags and with others.
func (p Page) Again(command string, without []string, with ...string) string {
	words := append([]string{"gen3-bootstrap"}, strings.Fields(command)...)
	for _, flag := range p.Flags {
		if !slices.Contains(without, flag.Name) {
			words = append(words, flag.Words...)
		}
	}
	return hint.Command(append(words, with...)...)
}

// Flag is one flag of this run's command line, in the words that it was given in.
type Flag struct {
	Name  string
	Words []string
}

// ofThisRun are flags that a command which comes next has no use for.
func ofThisRun() []string {
	return []string{"dry-run", "detailed-exitcode", "out", "output", "o", "quiet", "q", "verbose", "debug", "all", "no-color", "exit-code", "max-key-age", "yes", "y", "unset"}
}

// writeNext writes the commands that come next, each on a line that can be pasted.
func writeNext(b *strings.Builder, page Page, commands ...string) {
	switch {
	case page.Quiet || len(commands) == 0:
	case len(commands) == 1:
		b.WriteString(page.Style.Cyan("next:") + " " + commands[0] + "\n")
	default:
		b.WriteString(page.Style.Cyan("next:") + "\n")
		for _, command := range commands {
			b.WriteString("  " + command + "\n")
		}
	}
}

// writeNextAtTerminal is writeNext for what is often read by programs or put into files.
func writeNextAtTerminal(b *strings.Builder, page Page, commands ...string) {
	if page.Width > 0 {
		writeNext(b, page, commands...)
	}
}

// next are the commands after a run of the engine.
func next(page Page, r bootstrap.Result, tense Tense) []string {
	switch {
	case len(r.Errors) > 0 || r.Command == teardownCommand && tense == Done:
		return nil
	case tense == Pending && !plan.Pending(r.Changes):
		return nil
	case tense == Pending && r.Command == "plan" && page.Out != "":
		return []string{hint.Command("gen3-bootstrap", "up", "--plan", page.Out)}
	case tense == Pending && r.Command == "plan":
		return []string{page.Again("up", without("unset"))}
	case tense == Pending:
		return []string{page.Again(r.Command, without("unset"))}
	case r.Command == "up":
		return afterUp(page, r)
	case r.Command == "rotate" && r.Changed:
		return []string{page.by(r).Command("verify")}
	}
	return nil
}

// without is ofThisRun but for some.
func without(but ...string) []string {
	return slices.DeleteFunc(ofThisRun(), func(name string) bool { return slices.Contains(but, name) })
}

// by is what commands repeat of the target, however it was found out.
func (p Page) by(r bootstrap.Result) hint.Invocation {
	by := hint.Invocation{"--account", r.Account, "--region", r.Region}
	for pair := range slices.Chunk(p.Invocation, 2) {
		if !slices.Contains([]string{"--account", "--region", "-n"}, pair[0]) {
			by = append(by, pair...)
		}
	}
	if r.Namespace != "" {
		by = append(by, "-n", r.Namespace)
	}
	return by
}

// afterUp is the same in every mode, since the record tells the mode to those that need it. The chart's own values are in a file that only the
// operator knows.
func afterUp(page Page, r bootstrap.Result) []string {
	by := page.by(r)
	check := by.Command("secrets", "check", "-f", "values.yaml", "-f", valuesFile)
	return []string{by.Command("values") + " > " + valuesFile, check, page.Helm(r), by.Command("verify")}
}

// Helm installs the gen3 chart, or upgrades it.
func (p Page) Helm(r bootstrap.Result) string {
	helm := []string{"helm", "upgrade", "--install", "gen3", "gen3/gen3"}
	for pair := range slices.Chunk(p.by(r), 2) {
		switch pair[0] {
		case "--kubeconfig", "-n":
			helm = append(helm, pair...)
		case "--context":
			helm = append(helm, "--kube-context", pair[1])
		}
	}
	if p.Gen3Version != "" {
		helm = append(helm, "--version", p.Gen3Version)
	}
	return hint.Command(append(helm, "-f", "values.yaml", "-f", valuesFile)...)
}
