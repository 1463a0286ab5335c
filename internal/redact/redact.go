// Package redact holds the one type in which secret material lives. Whatever prints, logs, marshals or wraps it
// writes a placeholder; Reveal is the only way out, so that searching for it finds every use.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// placeholder is what stands for a secret wherever one is printed.
const placeholder = "(redacted)"

// String is a secret text. Its zero value is the empty secret.
//
// A String method alone would not do: fmt's %d, %x or %#v print the fields of a struct by reflection. Format is
// asked first under every verb (https://pkg.go.dev/fmt#Formatter).
type String struct {
	// The value sits behind a pointer, so that even code which walks fields by reflection (spew, a debugger's dump)
	// prints an address at one level and not the text.
	v *string
}

// New wraps a secret.
func New(s string) String { return String{v: &s} }

// Reveal returns the secret itself. Its callers hand it to AWS, into a Kubernetes Secret, or look at its form, and nothing else.
func (s String) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// IsZero reports whether there is no secret, or an empty one.
func (s String) IsZero() bool { return s.Reveal() == "" }

// Equal compares two secrets.
func (s String) Equal(o String) bool { return s.Reveal() == o.Reveal() }

// Format implements fmt.Formatter for every verb and flag.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// String implements fmt.Stringer, for code that calls it without fmt.
func (s String) String() string { return placeholder }

// GoString implements fmt.GoStringer.
func (s String) GoString() string { return placeholder }

// MarshalText implements encoding.TextMarshaler, and so JSON, YAML and XML.
func (s String) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// MarshalJSON implements json.Marshaler.
func (s String) MarshalJSON() ([]byte, error) { return []byte(`"` + placeholder + `"`), nil }

// LogValue implements slog.LogValuer.
func (s String) LogValue() slog.Value { return slog.StringValue(placeholder) }
