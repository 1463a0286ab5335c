package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// IsOurs reports whether an object carries our label.
func IsOurs(object metav1.Object) bool { return object.GetLabels()[ManagedByLabel] == ManagedBy }

// namespaceLook is the pause between two looks at a namespace that is going.
const namespaceLook = 250 * time.Millisecond

// DeleteNamespace deletes the namespace that was seen, and waits until it is gone, so that an up which follows at once
// finds it clean.
func (c *Client) DeleteNamespace(ctx context.Context, ns *corev1.Namespace) error {
	err := c.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(ns.UID))})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %s: %w", ns.Name, err)
	}
	err = wait.PollUntilContextCancel(ctx, namespaceLook, true, func(ctx context.Context) (bool, error) {
		now, err := c.GetNamespace(ctx, ns.Name)
		return err == nil && (now == nil || now.UID != ns.UID), nil // the context ends it
	})
	if err != nil {
		return hint.With(fmt.Errorf("delete namespace %s: it does not go: %w", ns.Name, context.Cause(ctx)),
			"see what holds it: "+hint.Command("kubectl", "get", "namespace", ns.Name, "-o", "yaml"))
	}
	return nil
}
