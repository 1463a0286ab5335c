package iamsetup

import (
	"context"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/uc-cdis/gen3-bootstrap/internal/calls"
)

// answers notes which services of AWS have answered, whatever they said.
type answers struct {
	mu       sync.Mutex
	services []string
}

// note adds itself to what every call passes.
func (a *answers) note(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("NoteAnswer", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if out.RawResponse != nil {
			a.add(awsmiddleware.GetServiceID(ctx))
		}
		return out, metadata, err
	}), middleware.After)
}

func (a *answers) add(service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.services, service) {
		a.services = append(a.services, service)
	}
}

// except names those that answered, but for one.
func (a *answers) except(service string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.services), func(s string) bool { return s == service })
}

// logCalls logs each attempt of each call with its duration.
func (c Connection) logCalls(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LogCall", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		begun := c.Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		status := 0
		if answer, ok := out.RawResponse.(*smithyhttp.Response); ok {
			status = answer.StatusCode
		}
		calls.Note(c.Log, awsmiddleware.GetServiceID(ctx)+" "+awsmiddleware.GetOperationName(ctx), status, c.Now().Sub(begun), err)
		return out, metadata, err
	}), middleware.After)
}
