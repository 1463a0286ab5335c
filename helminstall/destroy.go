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
	"github.com/uc-cdis/gen3-bootstrap/internal/namespace"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// DestroyOptions is what a teardown wants of the release.
type DestroyOptions struct {
	// DeleteCRDs deletes the CRDs too. The caller has made sure that nothing is lost by it, and stripped finalizers
	// that no operator will serve.
	DeleteCRDs bool
	// DeadWebhooks deletes the webhook configurations of the release whose service is gone.
	DeadWebhooks bool
	// KeepNamespace leaves the namespace to the caller, who has more in it.
	KeepNamespace bool
}

// PlanDestroy says what Destroy would do. It only reads.
func (s *Step) PlanDestroy(ctx context.Context, opts DestroyOptions) ([]plan.Change, error) {
	if err := s.observeDestroy(ctx); err != nil {
		return nil, err
	}
	out := []plan.Change{s.destroyChange()}
	crds, err := s.destroyableCRDs(ctx)
	if apierrors.IsForbidden(err) && !opts.DeleteCRDs {
		err = nil // they stay, whatever they are
	}
	if err != nil {
		return nil, err
	}
	if opts.DeleteCRDs && len(crds) > 0 {
		s.warnings = append(s.warnings, notBelieved(&Observed{Lookalikes: s.seen.Lookalikes})...)
	}
	for _, name := range crds {
		c := s.crdChange(name)
		switch by := s.usedBy(); {
		case !opts.DeleteCRDs:
			c.Action, c.Reason = plan.None, "kept: deleting them would delete every object of their kinds; --delete-crds does"
		case by != "":
			c.Action, c.Reason = plan.None, "kept: "+by
		}
		out = append(out, c)
	}
	dead, err := s.planDeadWebhooks(ctx, opts.DeleteCRDs && s.usedBy() == "")
	if err != nil {
		return nil, err
	}
	out = append(out, dead...)
	if s.seen.NamespaceNames && !opts.KeepNamespace {
		out = append(out, plan.Change{
			Step: stepName, Resource: plan.Of(plan.Namespace, s.Namespace), Action: plan.Delete,
			Reason: "made for the release; only if nothing else is in it",
		})
	}
	return out, nil
}

func (s *Step) observeDestroy(ctx context.Context) error {
	s.warnings, s.verdict, s.next, s.dead = nil, Verdict{}, nil, nil
	seen, err := s.read(ctx)
	if err != nil {
		return err
	}
	if s.seen = seen; seen.undecoded != nil && seen.named() {
		return seen.undecoded
	}
	return s.planRemoval(ctx)
}

func (s *Step) destroyChange() plan.Change {
	c := s.releaseChange()
	switch {
	case s.removal != nil:
		return s.removalChange(c)
	case s.seen.undecoded != nil:
		c.Action, c.Reason = plan.None, "kept: no cluster-wide object names it; "+s.seen.undecoded.Error()
	case s.seen.Release != nil && !s.seen.claimed():
		c.Action, c.Reason = plan.None, "kept: not created by gen3-bootstrap"
	case s.seen.Release != nil && s.seen.NamespaceUnread: // it may be ours, so that teardown has not ended well
		c.Action, c.Reason = plan.Blocked, fmt.Sprintf("its Secret says that it is ours, and whether Namespace %s was made for it may not be read", s.Namespace)
		c.Hint, c.More = "allow get on that namespace", []string{"or leave the release out with --skip-helm"}
	case s.running() != nil:
		op := s.running()
		c.Action, c.Reason = plan.Blocked, s.unproven()+", and "+op.deployment()+" of it runs: kept"
		c.Hint, c.More = s.unprovenHint(*op), []string{"if it is not yours, leave it out with --skip-helm"}
	case s.seen.Release != nil:
		c.Action, c.Reason = plan.None, "kept: "+s.unproven()
	default:
		c.Action, c.Reason = plan.None, "not there"
	}
	return c
}

// removalChange says what of the release goes, by kinds.
func (s *Step) removalChange(c plan.Change) plan.Change {
	what := tally(s.removal.objects)
	switch {
	case what == "" && s.seen.Release == nil:
		c.Action, c.Reason = plan.None, "not there"
		return c
	case what == "":
		c.Reason = "ours: deletes what is stored of it; all else is deleted"
	case s.seen.Release == nil:
		c.Reason = "ours, though no Secret stores it any more: deletes " + what
	default:
		c.Reason = "ours: deletes " + what
	}
	c.Action = plan.Delete
	if kept := tally(s.removal.kept); kept != "" {
		c.Reason += "; keeps " + kept
	}
	return c
}

// running is an operator of the release, nil where none runs.
func (s *Step) running() *Operator {
	for _, op := range s.seen.Operators {
		if op.Owner.Of(s.Settings.Release, s.Namespace) && op.Namespace == s.Namespace {
			return &op
		}
	}
	return nil
}

// unproven says why the release is not called ours.
func (s *Step) unproven() string {
	if s.seen.Release == nil {
		return "no Secret of namespace " + s.Namespace + " stores the release, nor was the Namespace made for it"
	}
	return "its Secret says that it is ours, but neither its Namespace nor CRDs name the release"
}

// unprovenHint gives a command that acts on the release only where a cluster-wide object names it. All else can be forged by
// whoever writes in its namespace, and would then run with the rights of who pastes the command.
func (s *Step) unprovenHint(op Operator) string {
	if s.seen.Release == nil && s.seen.named() {
		return "if it is yours, store it anew, and then run teardown again: " +
			s.Invocation.Command("up", "--adopt", "--release", s.Settings.Release, "--release-namespace", s.Namespace) + " and the other flags of up"
	}
	return "whoever may write in namespace " + s.Namespace + " can have made it; see whose it is: " + showDeployment(op)
}

// showDeployment is a command that only reads.
func showDeployment(op Operator) string {
	return hint.Command("kubectl", "get", "deployment", op.Name, "-n", op.Namespace, "-o", "yaml")
}

func (s *Step) crdChange(crd string) plan.Change {
	return plan.Change{Step: stepName, Resource: plan.Of(plan.CRD, crd), Action: plan.Delete, Reason: "--delete-crds"}
}

// Destroy uninstalls the release if it is ours, running no hooks and deleting only what names the release itself, never its CRDs unless asked to, and then its namespace if that was made for
// it and is empty. It goes on past a failure where that is safe, and may be repeated.
func (s *Step) Destroy(ctx context.Context, opts DestroyOptions, sink event.Sink) error {
	if err := s.observeDestroy(ctx); err != nil {
		return err
	}
	var crds []string
	if opts.DeleteCRDs && s.usedBy() == "" {
		var err error
		if crds, err = s.destroyableCRDs(ctx); err != nil {
			return err
		}
	}
	if err := s.uninstall(ctx, sink); err != nil {
		return err
	}
	if opts.DeadWebhooks {
		if _, err := s.planDeadWebhooks(ctx, true); err != nil {
			return err
		}
		if err := s.deleteDeadWebhooks(ctx, sink); err != nil {
			return err
		}
	}
	var errs []error
	if len(crds) > 0 {
		errs = append(errs, s.deleteCRDs(ctx, crds, sink))
	}
	if !opts.KeepNamespace {
		errs = append(errs, s.deleteNamespace(ctx, sink))
	}
	return errors.Join(errs...)
}

// uninstall removes the release with its history.
func (s *Step) uninstall(ctx context.Context, sink event.Sink) error {
	change := s.destroyChange()
	if change.Action == plan.Blocked { // since the plan was made
		return hint.Blocked(change)
	}
	if change.Action != plan.Delete {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout())
	defer cancel()
	if err := s.runUninstall(work); err != nil {
		return fmt.Errorf("uninstall Helm release %s/%s: %w", s.Namespace, s.Settings.Release, err)
	}
	s.emit(sink, event.Event{Type: event.Changed, Change: &change})
	return nil
}

// settleTimeout is how long pods and ReplicaSets of an uninstalled release may take to go before their namespace counts
// as used.
const settleTimeout = pollInterval * 4 * 60

// deleteNamespace deletes the release's namespace if we made it for this release and nothing else is in it; the release's own
// pods are waited for. Our label alone is no ground: Gen3's namespaces have it too.
func (s *Step) deleteNamespace(ctx context.Context, sink event.Sink) error {
	if !s.seen.NamespaceNames || s.seen.NamespaceTerminating || s.seen.undecoded != nil || s.seen.Release != nil && !s.seen.ours() {
		return nil
	}
	left, err := s.emptied(ctx, sink)
	if errors.Is(err, inventory.ErrUnknown) {
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is kept: %v", s.Namespace, err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("look what is in Namespace %s: %w", s.Namespace, err)
	}
	if len(left) > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("namespace %s is kept: it holds %s", s.Namespace, words.Few(left)))
		return nil
	}
	if err := namespace.Delete(ctx, s.Client, s.Namespace, s.seen.namespaceUID); err != nil {
		return err
	}
	c := plan.Change{Step: stepName, Resource: plan.Of(plan.Namespace, s.Namespace), Action: plan.Delete, Reason: "made by this program, and empty"}
	s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	s.once(sink)("namespace " + s.Namespace + " to be gone")
	limited, cancel := context.WithTimeoutCause(ctx, s.timeout(), fmt.Errorf("still there after %s", s.timeout()))
	defer cancel()
	return namespace.AwaitGone(limited, s.Client, s.Namespace, s.seen.namespaceUID)
}

// isLease leaves out the locks of operators that elect a leader, which are nobody's any more.
func isLease(resource string, _ *metav1.PartialObjectMetadata) bool { return resource == "leases" }

// emptied waits until the namespace is empty, and returns what remains.
func (s *Step) emptied(ctx context.Context, sink event.Sink) (left []string, err error) {
	in, err := inventory.Of(s.Config, s.Namespace)
	if err != nil {
		return nil, err
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
