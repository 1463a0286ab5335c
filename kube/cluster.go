package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// ClusterID returns the UID of the namespace kube-system, which identifies a cluster: it is made once and cannot be
// deleted. Errors say whether the cluster could not be reached or refused, with a hint.
func (c *Client) ClusterID(ctx context.Context) (string, error) {
	ns, err := c.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", c.explain(fmt.Errorf("identify cluster %s (context %s): %w", c.Server, c.Context, err))
	}
	return string(ns.UID), nil
}

// explain gives the usual causes of a failed first contact their hint.
func (c *Client) explain(err error) error {
	var dial *net.OpError
	var dns *net.DNSError
	var u *url.Error
	switch {
	case apierrors.IsUnauthorized(err):
		return hint.With(err, "the credentials of context "+c.Context+" are not valid there; for EKS sign in to AWS again and run `aws eks update-kubeconfig`")
	case apierrors.IsForbidden(err):
		return hint.With(err, "the caller needs get on namespaces; see the permissions in the README")
	case errors.As(err, &dns), errors.As(err, &dial), errors.As(err, &u), errors.Is(err, context.DeadlineExceeded):
		return hint.With(err, "the API server does not answer from here; check the context (`"+hint.Command("kubectl", "--context", c.Context, "version")+"`), VPN and endpoint access")
	default:
		return err
	}
}
