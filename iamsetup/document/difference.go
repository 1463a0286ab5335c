package document

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Difference says in words what a policy document in place allows beyond the wanted one, and what it lacks.
func Difference(inPlace, wanted string) string {
	have, want := grants(inPlace), grants(wanted)
	var parts []string
	if extra := words.Without(have, want); len(extra) > 0 {
		parts = append(parts, "to be taken away: "+strings.Join(extra, ", "))
	}
	if lacking := words.Without(want, have); len(lacking) > 0 {
		parts = append(parts, "to be added: "+strings.Join(lacking, ", "))
	}
	if len(parts) == 0 {
		return "its conditions or form are others"
	}
	return strings.Join(parts, "; ")
}

// Widens reports whether the wanted document allows anything that the one in place does not, as far as that can be told from names and
// wildcards at their end: where it cannot, it is taken to widen.
func Widens(inPlace, wanted string) bool {
	have, want := grantsOf(inPlace), grantsOf(wanted)
	for _, w := range want {
		if w.effect == "Allow" && !slices.ContainsFunc(have, func(h grant) bool { return h.covers(w) }) {
			return true
		}
	}
	return slices.ContainsFunc(have, func(h grant) bool { return h.effect != "Allow" && !slices.Contains(want, h) })
}

// grant is one pair of action and resource that a document names.
type grant struct{ effect, action, resource, conditions string }

// String is it in words, with what it is bound to.
func (g grant) String() string {
	verb := ""
	if g.effect != "Allow" {
		verb = g.effect + " "
	}
	return fmt.Sprintf("%s%s on %s%s", verb, g.action, g.resource, g.conditions)
}

// covers reports whether g allows all that other allows.
func (g grant) covers(other grant) bool {
	within := func(wide, narrow string) bool {
		begin, wild := strings.CutSuffix(wide, "*")
		return wide == narrow || wild && !strings.ContainsAny(begin, "*?") && strings.HasPrefix(narrow, begin) && !strings.HasPrefix(narrow, exceptFor)
	}
	return g.effect == "Allow" && within(g.action, other.action) && within(g.resource, other.resource) && (g.conditions == "" || g.conditions == other.conditions)
}

// exceptFor begins what NotAction and NotResource leave out.
const exceptFor = "all but "

// grants are the document's in words.
func grants(document string) []string {
	var out []string
	for _, g := range grantsOf(document) {
		out = append(out, g.String())
	}
	return out
}

// grantsOf lists what a document names, or nothing of a text that is none.
func grantsOf(document string) []grant {
	var doc map[string]any
	if json.Unmarshal([]byte(document), &doc) != nil {
		return nil
	}
	var out []grant
	for _, s := range listOf(doc["Statement"]) {
		fields, ok := s.(map[string]any)
		if !ok {
			continue
		}
		for _, action := range allBut(fields, "Action") {
			for _, resource := range allBut(fields, "Resource") {
				out = append(out, grant{fmt.Sprint(fields["Effect"]), fmt.Sprint(action), fmt.Sprint(resource), conditions(fields)})
			}
		}
	}
	return out
}

// allBut lists a field of a statement, or what its opposite NotAction or NotResource leaves out.
func allBut(statement map[string]any, field string) []any {
	out := listOf(statement[field])
	for _, but := range listOf(statement["Not"+field]) {
		out = append(out, exceptFor+fmt.Sprint(but))
	}
	return out
}

func conditions(statement map[string]any) string {
	if statement["Condition"] == nil {
		return ""
	}
	return " if " + render(lists(statement["Condition"]))
}
