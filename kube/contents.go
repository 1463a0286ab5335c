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

// ContentsBesidesOurs is Contents without the record and the lock, which go before the namespace does.
func (c *Client) ContentsBesidesOurs(ctx context.Context, namespace string) ([]string, error) {
	return c.contents(ctx, namespace, isRecordOrLock)
}

func (c *Client) contents(ctx context.Context, namespace string, ignored inventory.Ignored) ([]string, error) {
	in, err := inventory.Of(c.Config, namespace)
	if err != nil {
		return nil, err // it names the namespace
	}
	return in.List(ctx, ignored) // as above
}

func isRecordOrLock(resource string, object *metav1.PartialObjectMetadata) bool {
	return (resource == "configmaps" || resource == "leases") && object.Name == RecordName && IsOurs(object)
}
