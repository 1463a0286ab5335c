package lint

import (
	"cmp"
	"slices"
	"strings"
)

// most is how many keys are tried to find the one that breaks a file: each costs a render.
const most = 40

// broken tells of the chart's files that come out as no YAML, of which helm installs nothing, and which key brought that about. What the
// chart breaks by itself is not the values' fault.
func (l *Linter) broken(base *rendering) {
	if len(base.Warnings) == 0 {
		return
	}
	plain, err := l.render(nil)
	for _, text := range base.Warnings {
		if err == nil && slices.Contains(plain.Warnings, text) {
			continue
		}
		l.at(l.breaker(text), Finding{Rule: "no-yaml", Level: Error, Message: text, Hint: "helm refuses the whole chart for it; see what comes out: helm template gen3 -f VALUES"})
	}
}

// breaker is a key without which a file is whole, "" where none is found.
func (l *Linter) breaker(text string) string {
	suspects := slices.DeleteFunc(l.keys.effective(), func(e entry) bool {
		return !e.leaf || e.path[0] != "global" && !strings.Contains(text, "/charts/"+e.path[0]+"/")
	})
	slices.SortStableFunc(suspects, func(a, b entry) int { return cmp.Compare(breaking(a), breaking(b)) })
	for _, e := range suspects[:min(len(suspects), most)] {
		if without, err := l.render(without(l.values, e.path)); err == nil && !slices.Contains(without.Warnings, text) {
			return e.name()
		}
	}
	return ""
}

// breaking puts first the keys of the file's own chart, and last the switch that has it render at all.
func breaking(e entry) int {
	switch {
	case e.path[0] != "global":
		return rank(e)
	case e.path[len(e.path)-1] == "deploy":
		return 4
	}
	return 2 + rank(e)
}
