package document

import (
	"encoding/json"
	"fmt"
	"unicode"
)

// Version is the only current version of IAM's policy language.
const Version = "2012-10-17"

// Document is an IAM policy document.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a permissions policy. IAM allows no Principal there.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// JSON is the document as it is sent to IAM.
func (d Document) JSON() (string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("marshal policy document: %w", err)
	}
	return string(text), nil
}

// Characters counts as IAM does for its quotas: white space does not.
func Characters(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
