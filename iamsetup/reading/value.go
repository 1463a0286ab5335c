package reading

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Value is what a secret holds. It tells of its form alone: no text of it is printed.
type Value struct {
	content.Value

	Binary  bool   // it is kept as bytes; the operator reads those as well
	ARN     string // of its secret
	Version string // its id
}

// valueOf takes over what AWS answers of a value: its text, or its bytes where it has no text.
func valueOf(arn, version, text *string, bytes []byte) Value {
	v := Value{ARN: aws.ToString(arn), Version: aws.ToString(version), Binary: text == nil}
	if text == nil {
		v.Value = content.Of(redact.New(string(bytes)))
		return v
	}
	v.Value = content.Of(redact.New(*text))
	return v
}
