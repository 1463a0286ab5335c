package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// ClusterID returns the UID of the namespace kube-system, which identifies a cluster: it is made once and cannot be
// deleted. Explain says why it did not answer.
func (c *Client) ClusterID(ctx context.Context) (string, error) {
	ns, err := c.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return "", hint.With(c.identify(err), "the caller needs get on namespaces; see the permissions in the README")
	case err != nil:
		return "", c.identify(c.notAPIServer(err))
	}
	return string(ns.UID), nil
}

func (c *Client) identify(err error) error {
	return fmt.Errorf("identify cluster %s (context %s): %w", c.Server, c.Context, err)
}
