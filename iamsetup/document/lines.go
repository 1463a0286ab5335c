package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lines are a policy document in words, a line for each statement, such as "allow s3:GetObject on arn:…:b/* if …". They are what a person
// compares; SameMeaning is what decides. A text that is no document has none.
func Lines(document string) []string {
	var doc map[string]any
	if json.Unmarshal([]byte(document), &doc) != nil {
		return nil
	}
	var out []string
	for _, s := range listOf(doc["Statement"]) {
		if fields, ok := s.(map[string]any); ok {
			out = append(out, line(fields))
		}
	}
	return out
}

func line(statement map[string]any) string {
	parts := []string{strings.ToLower(fmt.Sprint(statement["Effect"]))}
	for _, not := range []string{"", "Not"} {
		for _, who := range principals(statement[not+"Principal"]) {
			parts = append(parts, besides(not)+who)
		}
	}
	joined := func(field string) string {
		var parts []string
		for _, x := range allBut(statement, field) {
			parts = append(parts, fmt.Sprint(x))
		}
		return strings.Join(parts, ", ")
	}
	parts = append(parts, joined("Action"))
	if on := joined("Resource"); on != "" {
		parts = append(parts, "on "+on)
	}
	return strings.Join(parts, " ") + conditionWords(statement["Condition"])
}

func besides(not string) string {
	if not == "" {
		return ""
	}
	return exceptFor
}

// principals are whom a trust policy names, each with its kind.
func principals(value any) []string {
	kinds, ok := value.(map[string]any)
	if !ok {
		if value == nil {
			return nil
		}
		return []string{fmt.Sprint(value)}
	}
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, who := range listOf(kinds[kind]) {
			out = append(out, kind+" "+fmt.Sprint(who))
		}
	}
	return out
}

// conditionWords are " if <operator> <key> is <values>" of all conditions.
func conditionWords(value any) string {
	operators, ok := value.(map[string]any)
	if !ok {
		return ""
	}
	var parts []string
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, _ := operators[operator].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			var values []string
			for _, v := range listOf(keys[key]) {
				values = append(values, fmt.Sprint(v))
			}
			parts = append(parts, fmt.Sprintf("%s %s is %s", operator, key, strings.Join(values, " or ")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " if " + strings.Join(parts, " and ")
}
