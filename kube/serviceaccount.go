package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RoleAnnotation is how a ServiceAccount names the role that its tokens are to be changed for
// (https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html).
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// ServiceAccount is what was seen of a ServiceAccount. The gen3 chart makes it, so it is only ever read.
type ServiceAccount struct {
	Exists    bool
	Forbidden bool // it may not be read, so the rest says nothing
	RoleARN   string
}

// ServiceAccountRole looks which role a ServiceAccount names.
func (c *Client) ServiceAccountRole(ctx context.Context, namespace, name string) (ServiceAccount, error) {
	account, err := c.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return ServiceAccount{}, nil
	case apierrors.IsForbidden(err):
		return ServiceAccount{Forbidden: true}, nil
	case err != nil:
		return ServiceAccount{}, fmt.Errorf("get ServiceAccount %s/%s: %w", namespace, name, err)
	}
	return ServiceAccount{Exists: true, RoleARN: account.Annotations[RoleAnnotation]}, nil
}
