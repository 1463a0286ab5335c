package kube

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
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

// Token asks the API server for a token of a ServiceAccount for an audience, as the operator does for a store that names it. It
// lives ten minutes, the least that there is.
func (c *Client) Token(ctx context.Context, namespace, name, audience string) (redact.String, error) {
	seconds := int64(600)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}, ExpirationSeconds: &seconds}}
	answer, err := c.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		err = fmt.Errorf("request a token of ServiceAccount %s/%s: %w", namespace, name, err)
		if apierrors.IsForbidden(err) {
			err = hint.With(err, "it needs the verb create on serviceaccounts/token in namespace "+namespace)
		}
		return redact.String{}, err
	}
	return redact.New(answer.Status.Token), nil
}
