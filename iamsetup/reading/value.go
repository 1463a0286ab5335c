package reading

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/tidwall/gjson"

	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Value is what a secret holds. It tells of its form alone: no text of it is printed.
type Value struct {
	text    redact.String
	Binary  bool   // it is kept as bytes; the operator reads those as well
	ARN     string // of its secret
	Version string // its id
}

func valueOf(out *secretsmanager.GetSecretValueOutput) Value {
	v := Value{ARN: aws.ToString(out.ARN), Version: aws.ToString(out.VersionId)}
	if out.SecretString == nil {
		v.Binary = true
		v.text = redact.New(string(out.SecretBinary))
		return v
	}
	v.text = redact.New(*out.SecretString)
	return v
}

// Text is the value itself, to be compared, and to be written back with something added.
func (v Value) Text() redact.String { return v.text }

// Form is how a value is written.
type Form string

// The forms that matter to who reads by property, or all properties.
const (
	Text   Form = "no JSON"
	Scalar Form = "JSON, and no object"
	Object Form = "a JSON object"
)

// Form tells in which form the value is.
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
func (v Value) Has(property string) bool {
	text := v.text.Reveal()
	if strings.Contains(property, ".") && gjson.Get(text, strings.ReplaceAll(property, ".", `\.`)).Exists() {
		return true
	}
	return gjson.Get(text, property).Exists()
}

// Properties are the names of a JSON object's keys, sorted; none for a value of another form.
func (v Value) Properties() []string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(v.text.Reveal()), &fields) != nil {
		return nil
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// At is the value of a property as the operator hands it on, for what reads all properties of that one.
func (v Value) At(property string) Value {
	text := v.text.Reveal()
	found := gjson.Get(text, strings.ReplaceAll(property, ".", `\.`))
	if !found.Exists() {
		found = gjson.Get(text, property)
	}
	return Value{text: redact.New(found.String()), ARN: v.ARN, Version: v.Version}
}
