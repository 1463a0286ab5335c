package awsfake

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// document is a policy, taken apart.
type document struct {
	statements []statement
}

// statement is one entry of a policy.
type statement struct {
	sid          string
	allow        bool
	principals   map[string][]string // by type: AWS, Federated, Service; "*" stands for anybody
	actions      []string
	notActions   []string
	resources    []string
	notResources []string
	conditions   []condition
}

// condition is one key of one operator.
type condition struct {
	operator string
	key      string
	values   []string
}

// readDocument takes a policy apart as strictly as IAM does: names are spelt exactly, and none is unknown.
func readDocument(text string) (*document, error) {
	syntax := malformedPolicy("Syntax errors in policy.")
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil || !only(top, "Version", "Id", "Statement") {
		return nil, syntax
	}
	if v := text1(top["Version"]); v != "2012-10-17" && v != "2008-10-17" {
		return nil, syntax
	}
	list, ok := oneOrMore[map[string]json.RawMessage](top["Statement"])
	if !ok || len(list) == 0 {
		return nil, syntax
	}
	doc := &document{}
	for _, fields := range list {
		st, err := readStatement(fields)
		if err != nil {
			return nil, err
		}
		doc.statements = append(doc.statements, st)
	}
	return doc, doc.checkSids()
}

func readStatement(fields map[string]json.RawMessage) (statement, error) {
	known := only(fields, "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	st := statement{sid: text1(fields["Sid"])}
	effect := text1(fields["Effect"])
	if !known || effect != "Allow" && effect != "Deny" {
		return st, malformedPolicy("Syntax errors in policy.")
	}
	st.allow = effect == "Allow"
	for name, into := range map[string]*[]string{
		"Action": &st.actions, "NotAction": &st.notActions, "Resource": &st.resources, "NotResource": &st.notResources,
	} {
		if err := readTexts(fields, name, into); err != nil {
			return st, err
		}
	}
	if err := st.readPrincipal(fields["Principal"]); err != nil {
		return st, err
	}
	return st, st.readConditions(fields["Condition"])
}

func readTexts(fields map[string]json.RawMessage, name string, into *[]string) error {
	raw, there := fields[name]
	if !there {
		return nil
	}
	list, ok := oneOrMore[string](raw)
	if !ok || len(list) == 0 {
		return malformedPolicy("Syntax errors in policy.")
	}
	*into = list
	return nil
}

func (st *statement) readPrincipal(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	st.principals = map[string][]string{}
	if text1(raw) == "*" {
		st.principals["AWS"] = []string{"*"}
		return nil
	}
	var kinds map[string]json.RawMessage
	if json.Unmarshal(raw, &kinds) != nil || !only(kinds, "AWS", "Federated", "Service", "CanonicalUser") {
		return malformedPolicy("Syntax errors in policy.")
	}
	for kind := range kinds {
		var list []string
		if err := readTexts(kinds, kind, &list); err != nil {
			return err
		}
		st.principals[kind] = list
	}
	return nil
}

func (st *statement) readConditions(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var operators map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &operators) != nil {
		return malformedPolicy("Syntax errors in policy.")
	}
	for op, keys := range operators {
		for key, rawValues := range keys {
			values, ok := oneOrMore[any](rawValues)
			if !ok || !isOperator(op) {
				return malformedPolicy("Invalid Condition type : %s.", op)
			}
			st.conditions = append(st.conditions, condition{op, key, asTexts(values)})
		}
	}
	return nil
}

// only reports whether the object has no other fields.
func only(fields map[string]json.RawMessage, names ...string) bool {
	for f := range fields {
		if !slices.Contains(names, f) {
			return false
		}
	}
	return true
}

// text1 is a JSON string's value, or empty.
func text1(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// oneOrMore reads a list, for which policies also take its only element.
func oneOrMore[T any](raw json.RawMessage) ([]T, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '[' {
		var list []T
		return list, json.Unmarshal(raw, &list) == nil
	}
	var one T
	return []T{one}, len(raw) > 0 && json.Unmarshal(raw, &one) == nil
}

// asTexts writes a condition's values, which may be booleans and numbers, as strings.
func asTexts(values []any) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			raw, _ := json.Marshal(v) // what came from JSON goes back
			text = strings.ToLower(string(raw))
		}
		out = append(out, text)
	}
	return out
}
