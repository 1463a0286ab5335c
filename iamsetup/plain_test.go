package iamsetup

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	denied := &smithy.OperationError{ServiceID: "IAM", OperationName: "GetUser", Err: fmt.Errorf("https response error StatusCode: 403, RequestID: x, %w",
		&smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"})}
	silent := &smithy.OperationError{ServiceID: "IAM", OperationName: "GetUser", Err: &smithyhttp.RequestSendError{Err: errors.New("connection refused")}}
	keyless := &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity", Err: errors.New("no credentials")}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"refused":   {hint.With(fmt.Errorf("get user u: %w", denied), "x"), "get user u: AccessDenied: not authorized"},
		"no answer": {fmt.Errorf("get user u: %w", silent), "get user u: connection refused"},
		"not sent":  {keyless, "no credentials"},
		"several":   {errors.Join(fmt.Errorf("a: %w", denied), fmt.Errorf("b: %w", silent)), "a: AccessDenied: not authorized\nb: connection refused"},
		"no call":   {errors.New("plain"), "plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Plain(test.err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
