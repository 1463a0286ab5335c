// Package rawget reads paths of the API server for which there is no typed client, or of which only a part is wanted.
package rawget

import (
	"context"

	"k8s.io/client-go/rest"
)

// Do sends the request and returns the body of its answer. The error is the API server's own, with its reason and
// message, so that apierrors.IsNotFound and IsForbidden tell what it is; rest.Request.DoRaw does not read the answer and
// calls every refusal "unknown".
func Do(ctx context.Context, request *rest.Request) ([]byte, error) {
	result := request.Do(ctx)
	if err := result.Error(); err != nil {
		return nil, err // the caller knows what it asked for
	}
	return result.Raw() // as above
}
