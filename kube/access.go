package kube

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Denied returns those of the given permissions that the caller lacks, each as "verb resource in namespace". It asks
// with SelfSubjectAccessReviews, which every authorizer answers, webhooks included; a SelfSubjectRulesReview may be
// incomplete where EKS access entries decide.
func (c *Client) Denied(ctx context.Context, wanted []authorizationv1.ResourceAttributes) ([]string, error) {
	denied := make([]string, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	for i, w := range wanted {
		group.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &w}}
			answer, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("review access to %s: %w", describeAccess(w), err)
			}
			if !answer.Status.Allowed {
				denied[i] = describeAccess(w)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []string
	for _, d := range denied {
		if d != "" {
			out = append(out, d)
		}
	}
	return out, nil
}

func describeAccess(a authorizationv1.ResourceAttributes) string {
	resource := a.Resource
	if a.Group != "" {
		resource += "." + a.Group
	}
	if a.Name != "" {
		resource += "/" + a.Name
	}
	return strings.Join([]string{a.Verb, resource, "in", cmp.Or(a.Namespace, "the cluster")}, " ")
}
