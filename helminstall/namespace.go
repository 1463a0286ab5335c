package helminstall

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// settleTimeout is how long pods and ReplicaSets of an uninstalled release may take to go before their namespace counts
// as used.
const settleTimeout = pollInterval * 4 * 60

// deleteNamespace deletes the release's namespace if we made it and nothing is left in it; the release's own pods are
// waited for.
func (s *Step) deleteNamespace(ctx context.Context, sink event.Sink) error {
	if !s.seen.NamespaceOurs || s.seen.NamespaceTerminating || s.seen.undecoded != nil || s.seen.Release != nil && !s.seen.ours() {
		return nil
	}
	left, err := s.emptied(ctx, sink)
	if errors.Is(err, inventory.ErrUnknown) {
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is left: %v", s.Namespace, err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("look what is left in Namespace %s: %w", s.Namespace, err)
	}
	if len(left) > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is left: it holds %s", s.Namespace, few(left)))
		return nil
	}
	err = s.Client.CoreV1().Namespaces().Delete(ctx, s.Namespace, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &s.seen.namespaceUID},
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete Namespace %s: %w", s.Namespace, err)
	}
	c := plan.Change{Step: stepName, Resource: "namespace/" + s.Namespace, Action: plan.Delete, Reason: "made by this program, and empty"}
	s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	return s.awaitNamespaceGone(ctx, sink)
}

// awaitNamespaceGone lets an `up` that follows at once find a clean cluster.
func (s *Step) awaitNamespaceGone(ctx context.Context, sink event.Sink) error {
	s.once(sink)("namespace " + s.Namespace + " to be gone")
	err := wait.PollUntilContextTimeout(ctx, pollInterval, s.timeout(), true, func(ctx context.Context) (bool, error) {
		_, err := s.Client.CoreV1().Namespaces().Get(ctx, s.Namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return hint.With(fmt.Errorf("delete Namespace %s: still there after %s", s.Namespace, s.timeout()),
		"see what holds it: "+hint.Command("kubectl", "get", "namespace", s.Namespace, "-o", "yaml"))
}

// isLease leaves out the locks of operators that elect a leader, which are nobody's any more.
func isLease(resource string, _ *metav1.PartialObjectMetadata) bool { return resource == "leases" }

// emptied waits until nothing is left, and returns what did not go.
func (s *Step) emptied(ctx context.Context, sink event.Sink) (left []string, err error) {
	in, err := inventory.Of(s.Config, s.Namespace)
	if err != nil {
		return nil, err // it names the namespace
	}
	say := s.once(sink)
	err = wait.PollUntilContextTimeout(ctx, pollInterval, min(settleTimeout, s.timeout()), true,
		func(context.Context) (bool, error) { // contents under ctx: the limit must not look like its failure
			if left, err = in.List(ctx, isLease); err != nil {
				return false, err
			}
			if len(left) > 0 {
				say(fmt.Sprintf("namespace %s to be empty: %s", s.Namespace, few(left)))
			}
			return len(left) == 0, nil
		})
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return left, nil
	}
	return left, err
}
