package document

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// SameMeaning reports whether two policy documents allow the same. IAM returns documents URL-encoded, may reorder
// them and may turn a list of one into its element; order, names of statements and that form mean nothing. The
// error says which of the two cannot be read: "have" is the first.
func SameMeaning(have, want string) (bool, error) {
	a, err := canonical(have)
	if err != nil {
		return false, fmt.Errorf("parse policy document in place: %w", err)
	}
	b, err := canonical(want)
	if err != nil {
		return false, fmt.Errorf("parse wanted policy document: %w", err)
	}
	return a == b, nil
}

// Decode undoes IAM's URL-encoding (RFC 3986) where there is one; JSON itself begins with a brace.
func Decode(text string) (string, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text, nil
	}
	return url.PathUnescape(text) // canonical's callers say which document
}

func canonical(text string) (string, error) {
	decoded, err := Decode(text)
	if err != nil {
		return "", err
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(decoded), &doc); err != nil {
		return "", err // the caller says which document
	}
	delete(doc, "Id")
	statements := listOf(doc["Statement"])
	out := make([]any, 0, len(statements))
	for _, s := range statements {
		out = append(out, canonicalStatement(s))
	}
	doc["Statement"] = sorted(out)
	return render(doc), nil
}

func canonicalStatement(statement any) any {
	fields, ok := statement.(map[string]any)
	if !ok {
		return statement
	}
	out := map[string]any{}
	for name, value := range fields {
		switch name {
		case "Sid":
		case "Action", "NotAction": // names of actions are told apart without regard to case
			out[name] = sorted(listOf(lower(value)))
		case "Condition", "Principal", "NotPrincipal":
			out[name] = lists(value)
		case "Resource", "NotResource":
			out[name] = sorted(listOf(value))
		default:
			out[name] = value
		}
	}
	return out
}

// lists turns the leaves of nested objects into sorted lists of strings, as condition values and principals may be
// written either way and a number or boolean stands for its text.
func lists(value any) any {
	if fields, ok := value.(map[string]any); ok {
		out := map[string]any{}
		for name, inner := range fields {
			out[name] = lists(inner)
		}
		return out
	}
	items := listOf(value)
	texts := make([]any, 0, len(items))
	for _, item := range items {
		texts = append(texts, fmt.Sprint(item))
	}
	return sorted(texts)
}

func listOf(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func lower(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ToLower(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, lower(item))
		}
		return out
	default:
		return value
	}
}

// sorted orders by rendered text and drops repetitions.
func sorted(items []any) []any {
	out := slices.Clone(items)
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(render(a), render(b)) })
	return slices.CompactFunc(out, func(a, b any) bool { return render(a) == render(b) })
}

// render is deterministic: encoding/json sorts the names of an object's fields.
func render(value any) string {
	text, _ := json.Marshal(value) // it came out of json.Unmarshal
	return string(text)
}
