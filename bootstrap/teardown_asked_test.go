package bootstrap_test

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// asked is the person at the terminal.
type asked struct {
	answer   bool
	question bootstrap.Question
}

func (a *asked) confirm(_ context.Context, q bootstrap.Question) (bool, error) {
	a.question = q
	return a.answer, nil
}

func crdResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
}

func (c *cluster) awaitGone(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "end of namespace "+namespace, func(ctx context.Context) bool {
		_, err := c.kube.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}
