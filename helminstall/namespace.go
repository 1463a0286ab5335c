package helminstall

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/inventory"
	"github.com/uc-cdis/gen3-bootstrap/internal/namespace"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// settleTimeout is how long pods and ReplicaSets of an uninstalled release may take to go before their namespace counts
// as used.
const settleTimeout = pollInterval * 4 * 60

// deleteNamespace deletes the release's namespace if we made it for this release and nothing is left in it; the release's own
// pods are waited for. Our label alone is no ground: Gen3's namespaces have it too.
func (s *Step) deleteNamespace(ctx context.Context, sink event.Sink) error {
	if !s.seen.NamespaceNames || s.seen.NamespaceTerminating || s.seen.undecoded != nil || s.seen.Release != nil && !s.seen.ours() {
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
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is left: it holds %s", s.Namespace, words.Few(left)))
		return nil
	}
	if err := namespace.Delete(ctx, s.Client, s.Namespace, s.seen.namespaceUID); err != nil {
		return err
	}
	c := plan.Change{Step: stepName, Resource: "namespace/" + s.Namespace, Action: plan.Delete, Reason: "made by this program, and empty"}
	s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	s.once(sink)("namespace " + s.Namespace + " to be gone")
	limited, cancel := context.WithTimeoutCause(ctx, s.timeout(), fmt.Errorf("still there after %s", s.timeout()))
	defer cancel()
	return namespace.AwaitGone(limited, s.Client, s.Namespace, s.seen.namespaceUID)
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
	var listErr error // one that took too long is no end of the waiting
	err = wait.PollUntilContextTimeout(ctx, pollInterval, min(settleTimeout, s.timeout()), true,
		func(context.Context) (bool, error) { // contents under ctx: the limit must not look like its failure
			if left, listErr = in.List(ctx, isLease); listErr != nil {
				return false, listErr
			}
			if len(left) > 0 {
				say(fmt.Sprintf("namespace %s to be empty: %s", s.Namespace, words.Few(left)))
			}
			return len(left) == 0, nil
		})
	if ctx.Err() == nil && listErr == nil && errors.Is(err, context.DeadlineExceeded) {
		return left, nil
	}
	return left, err
}
