package document

import (
	"encoding/json"
	"fmt"
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

// grants lists each pair of action and resource that a document names, with "(conditions)" where some apply.
func grants(document string) []string {
	var doc map[string]any
	if json.Unmarshal([]byte(document), &doc) != nil {
		return nil
	}
	var out []string
	for _, s := range listOf(doc["Statement"]) {
		fields, ok := s.(map[string]any)
		if !ok {
			continue
		}
		verb := ""
		if fields["Effect"] != "Allow" {
			verb = fmt.Sprint(fields["Effect"]) + " "
		}
		for _, action := range allBut(fields, "Action") {
			for _, resource := range allBut(fields, "Resource") {
				out = append(out, fmt.Sprintf("%s%v on %v%s", verb, action, resource, conditions(fields)))
			}
		}
	}
	return out
}

// allBut lists a field of a statement, or what its opposite NotAction or NotResource leaves out.
func allBut(statement map[string]any, field string) []any {
	out := listOf(statement[field])
	for _, but := range listOf(statement["Not"+field]) {
		out = append(out, fmt.Sprintf("all but %v", but))
	}
	return out
}

func conditions(statement map[string]any) string {
	if statement["Condition"] == nil {
		return ""
	}
	return " if " + render(lists(statement["Condition"]))
}
