package iamsetup

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Plain is an error's text without what the SDK puts around an answer of AWS: service, status and request id, which
// --verbose logs. What remains is the code and the message, or why there was no answer.
func Plain(err error) string {
	text := err.Error()
	for _, op := range operations(err) {
		text = strings.ReplaceAll(text, op.Error(), said(op))
	}
	return text
}

func said(op *smithy.OperationError) string {
	if api, ok := errors.AsType[smithy.APIError](op); ok {
		return strings.TrimSuffix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
	}
	if sent, ok := errors.AsType[*smithyhttp.RequestSendError](op); ok {
		return sent.Err.Error()
	}
	return op.Err.Error()
}

// operations finds every failed call in an error's tree.
func operations(err error) []*smithy.OperationError {
	if op, ok := err.(*smithy.OperationError); ok { //nolint:errorlint // the tree is walked by hand, since there may be several
		return []*smithy.OperationError{op}
	}
	switch e := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return operations(inner)
		}
	case interface{ Unwrap() []error }:
		var out []*smithy.OperationError
		for _, inner := range e.Unwrap() {
			out = append(out, operations(inner)...)
		}
		return out
	}
	return nil
}
