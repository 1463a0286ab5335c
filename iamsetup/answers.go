package iamsetup

import (
	"context"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
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
