package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// FormatVersion is that of the documents: within 1.x fields are only added, and no code changes its meaning.
const FormatVersion = "1.0"

// Form is how a document is written.
type Form struct {
	Tool string // this program's version
	YAML bool
}

// envelope begins every document.
type envelope struct {
	FormatVersion string `json:"formatVersion"`
	ToolVersion   string `json:"toolVersion"`
}

// Document writes one document, an object, behind its envelope. A result's lists are written as [] when they are empty, never as null.
func Document(w io.Writer, form Form, document any) error {
	if r, ok := document.(bootstrap.Result); ok {
		r.Changes = orEmpty(r.Changes)
		r.Warnings = orEmpty(r.Warnings)
		r.Errors = orEmpty(r.Errors)
		document = r
	}
	head, err := encode(envelope{FormatVersion, form.Tool})
	if err != nil {
		return err
	}
	body, err := encode(document)
	if err != nil {
		return err
	}
	text := append(bytes.TrimSuffix(bytes.TrimSpace(head), []byte("}")), ',')
	text = append(text, bytes.TrimPrefix(bytes.TrimSpace(body), []byte("{"))...)
	return form.write(w, text)
}

// JSON writes a document of another's form, such as SARIF.
func JSON(w io.Writer, document any) error {
	text, err := encode(document)
	if err != nil {
		return err
	}
	return Form{}.write(w, text)
}

func encode(document any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // ARNs with * and messages with < are read by people too
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("encode the document: %w", err)
	}
	return text.Bytes(), nil
}

// write writes at once, so that nobody reads half a document and no error.
func (f Form) write(w io.Writer, text []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return fmt.Errorf("encode the document: %w", err)
	}
	body := append(bytes.TrimSpace(out.Bytes()), '\n')
	body = escaped(body)
	if f.YAML {
		var err error
		if body, err = yaml.JSONToYAML(body); err != nil {
			return fmt.Errorf("encode the document: %w", err)
		}
	}
	_, err := w.Write(body)
	return err
}
