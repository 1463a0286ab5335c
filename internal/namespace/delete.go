// Package namespace deletes a namespace that a run has looked at, and no other one that has its name by then. What is in a
// namespace, internal/inventory tells; whether it may go, the caller decides.
package namespace

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// look is the pause between two looks at a namespace that is going.
const look = 250 * time.Millisecond

// Delete deletes the namespace with that UID, and nothing where there is none or another one has the name.
func Delete(ctx context.Context, client kubernetes.Interface, name string, uid types.UID) error {
	err := client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	// A conflict says that the UID is another one: somebody made the namespace anew.
	if apierrors.IsConflict(err) {
		if gone, lookErr := isGone(ctx, client, name, uid); lookErr == nil && gone {
			return nil
		}
	}
	return fmt.Errorf("delete namespace %s: %w", name, err)
}

// AwaitGone waits until the namespace with that UID is gone, so that an up which follows at once finds a clean cluster. A
// namespace of the same name that another run made meanwhile is not waited for. Where ctx ends first, the error says its cause.
func AwaitGone(ctx context.Context, client kubernetes.Interface, name string, uid types.UID) error {
	err := wait.PollUntilContextCancel(ctx, look, true, func(ctx context.Context) (bool, error) {
		gone, err := isGone(ctx, client, name, uid)
		return err == nil && gone, nil // the context ends it
	})
	if err == nil {
		return nil
	}
	return hint.With(fmt.Errorf("delete namespace %s: it does not go: %w%s", name, context.Cause(ctx), holders(context.WithoutCancel(ctx), client, name)),
		"see what holds it: "+hint.Command("kubectl", "get", "namespace", name, "-o", "yaml"))
}

// holders says what the API server gives as the reason that a namespace stays: finalizers, its own or those of what is in it.
func holders(ctx context.Context, client kubernetes.Interface, name string) string {
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	now, err := client.CoreV1().Namespaces().Get(limited, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	var out []string
	if len(now.Finalizers) > 0 {
		out = append(out, "finalizers "+strings.Join(now.Finalizers, ", "))
	}
	for _, c := range now.Status.Conditions {
		if c.Status == corev1.ConditionTrue && c.Message != "" {
			out = append(out, c.Message)
		}
	}
	if out == nil {
		return ""
	}
	return "; held by " + printable.Line(strings.Join(out, "; "))
}

func isGone(ctx context.Context, client kubernetes.Interface, name string, uid types.UID) (bool, error) {
	now, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, err
	}
	return now.UID != uid, nil
}
