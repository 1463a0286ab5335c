package writing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// MaxBytes is how long a value may be (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
const MaxBytes = 65536

// Item is what one secret of Secrets Manager is to hold.
type Item struct {
	Name string
	Text redact.String // the whole of it, where there are no properties
	// Properties are strings to be set in a JSON object, whose other properties stay.
	Properties map[string]redact.String
	From       string // what it is taken from, in words such as "Secret indexd-dbcreds"; "" is not told

	Keep  bool     // whatever the secret holds already is kept: it is only created where it is missing
	After []string // items that must have been written before this one, since it holds a part of what they hold
	Takes []string // items that exist, and of which it holds a part
}

// legalName is AWS's rule for the name of a new secret.
var legalName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// over is the text to write where a secret holds have: ours put over what is there. Without a JSON object to put properties into, there
// is none of it left.
func (i Item) over(have content.Value) (redact.String, error) {
	if i.Properties == nil {
		return i.Text, nil
	}
	object := map[string]json.RawMessage{}
	if have.Form() == content.Object {
		if err := json.Unmarshal([]byte(have.Text().Reveal()), &object); err != nil {
			return redact.String{}, fmt.Errorf("read the JSON object in secret %s: it cannot be read", i.Name) // the error would quote it
		}
	}
	for name, value := range i.Properties {
		text, err := encoded(value.Reveal())
		if err != nil {
			return redact.String{}, err
		}
		object[name] = text
	}
	text, err := encoded(object)
	return redact.New(string(text)), err
}

// encoded is JSON without escapes for HTML, which no reader needs and which takes room.
func encoded(v any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode a property: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// compare names the parts of the item that a value lacks, and those that it has with another content. The operator's way of reading
// counts: 5432 and "5432" are the same to it.
func (i Item) compare(have content.Value) (lacks, differs []string) {
	if i.Properties == nil {
		if !have.Text().Equal(i.Text) {
			differs = []string{whole}
		}
		return nil, differs
	}
	if have.Form() != content.Object {
		return nil, []string{whole}
	}
	for _, name := range slices.Sorted(maps.Keys(i.Properties)) {
		switch {
		case !have.Has(name):
			lacks = append(lacks, name)
		case !have.At(name).Text().Equal(i.Properties[name]):
			differs = append(differs, name)
		}
	}
	return lacks, differs
}

// whole stands among the differences for all that a secret holds.
const whole = ""
