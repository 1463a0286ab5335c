package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
)

// Contents names what is in a namespace, as "resource/name", apart from what every namespace has, and events. It returns
// inventory.ErrUnknown.
func (c *Client) Contents(ctx context.Context, namespace string) ([]string, error) {
	return c.contents(ctx, namespace, func(string, *metav1.PartialObjectMetadata) bool { return false })
}

// ContentsBesidesLeases is Contents without locks, which are nobody's once what they stand for is gone.
func (c *Client) ContentsBesidesLeases(ctx context.Context, namespace string) ([]string, error) {
	return c.contents(ctx, namespace, func(resource string, _ *metav1.PartialObjectMetadata) bool { return resource == "leases" })
}

// ContentsBesidesOurs is Contents without the record and the locks, which go before the namespace does.
func (c *Client) ContentsBesidesOurs(ctx context.Context, namespace string) ([]string, error) {
	return c.contents(ctx, namespace, isRecordOrLock)
}

func (c *Client) contents(ctx context.Context, namespace string, ignored inventory.Ignored) ([]string, error) {
	in, err := inventory.Of(c.Config, namespace)
	if err != nil {
		return nil, err
	}
	return in.List(ctx, ignored) // as above
}

func isRecordOrLock(resource string, object *metav1.PartialObjectMetadata) bool {
	switch resource {
	case "configmaps":
		return object.Name == RecordName && IsOurs(object)
	case "leases":
		return (object.Name == RecordName || object.Name == ReleaseLockName) && IsOurs(object)
	}
	return false
}
