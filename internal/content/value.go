// Package content is what a secret of Secrets Manager holds, as External Secrets Operator reads it. No text of it is ever printed.
package content

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Value is the content of a secret, or of a part of it.
type Value struct{ text redact.String }

// Of is the content with this text.
func Of(text redact.String) Value { return Value{text} }

// Text is the content itself, to be compared, judged, or written back with something added.
func (v Value) Text() redact.String { return v.text }

// Form is how a content is written.
type Form string

// The forms that matter to who reads by property, or all properties.
const (
	Text   Form = "no JSON"
	Scalar Form = "JSON, and no object"
	Object Form = "a JSON object"
)

// Form tells in which form the content is.
func (v Value) Form() Form {
	text := v.text.Reveal()
	switch {
	case !json.Valid([]byte(text)):
		return Text
	case !gjson.Parse(text).IsObject():
		return Scalar
	}
	return Object
}

// Has reports whether the operator finds a property: a key of that very name, dots and all, and else a path in gjson's syntax
// (external-secrets, pkg/provider/aws/secretsmanager, escapeDotsIfRequired).
func (v Value) Has(property string) bool { return v.find(property).Exists() }

func (v Value) find(property string) gjson.Result {
	text := v.text.Reveal()
	if strings.Contains(property, ".") {
		if found := gjson.Get(text, strings.ReplaceAll(property, ".", `\.`)); found.Exists() {
			return found
		}
	}
	return gjson.Get(text, property)
}

// Properties are the names of a JSON object's keys, sorted; none for a content of another form.
func (v Value) Properties() []string {
	entries := v.entries()
	names := make([]string, 0, len(entries))
	for name := range entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (v Value) entries() map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(v.text.Reveal()), &fields) != nil {
		return nil
	}
	return fields
}

// At is the value of a property as the operator hands it on, for what reads that one alone.
func (v Value) At(property string) Value { return Of(redact.New(v.find(property).String())) }

// Entries are the keys of a JSON object with what becomes of each where all are taken: strings without their quotes, null as nothing,
// anything else as its JSON.
func (v Value) Entries() map[string]Value {
	out := map[string]Value{}
	for name, raw := range v.entries() {
		text := string(raw)
		var plain string
		if json.Unmarshal(raw, &plain) == nil {
			text = plain
		}
		out[name] = Of(redact.New(text))
	}
	return out
}
